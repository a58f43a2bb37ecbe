"""Both streams and their fusion (DSA-reID, Fig. 3, without the classifiers)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.nets.dsa.branches import Branch
from training.nets.dsa.guide_stream import GuideStream
from training.nets.dsa.main_stream import MainStream


@dataclass(frozen=True, slots=True)
class StreamFeatures:
    """Of N people, by branch: (N, D).

    Attributes:
        main: f of the MF-Stream.
        fused: z of both; f itself without a guide.
    """

    main: dict[str, Tensor]
    fused: dict[str, Tensor]


class TwoStreams(nn.Module):
    """Pictures and part images -> f and z.

    Args:
        main: the MF-Stream.
        guide: the DSAG-Stream, with the same branches and features; None = the main stream stands alone.
        fusions: branch -> f and d to z; of the guide's branches.
    """

    def __init__(self, main: MainStream, guide: GuideStream | None, fusions: nn.ModuleDict) -> None:
        super().__init__()
        self.main = main
        self.guide = guide
        self.fusions = fusions

    def forward(self, images: Tensor, part_images: Tensor | None) -> StreamFeatures:
        main: dict[str, Tensor] = self.main(images)
        if self.guide is None:
            return StreamFeatures(main, main)
        if part_images is None:
            raise ValueError("the guiding stream needs part images, got none")
        guide: dict[str, Tensor] = self.guide(part_images)
        return StreamFeatures(main, {branch: self.fusions[branch](main[branch], guide[branch]) for branch in main})


class MainDescriber(nn.Module):
    """What is left at inference: pictures -> f of these branches, side by side (N, D). It holds nothing of the guide."""

    def __init__(self, main: MainStream, branches: Collection[Branch]) -> None:
        super().__init__()
        self.main = main.only(branches)

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat(list(self.main(images).values()), dim=1)


class FusedDescriber(nn.Module):
    """Pictures and part images -> z of these branches, side by side (N, D)."""

    def __init__(self, streams: TwoStreams, branches: Collection[Branch]) -> None:
        super().__init__()
        self.streams = streams
        self._branches = tuple(branches)

    def forward(self, images: Tensor, part_images: Tensor) -> Tensor:
        fused = self.streams(images, part_images).fused
        return torch.cat([fused[branch] for branch in self._branches], dim=1)
