"""A backbone: named stages, one after the other, each a module; systems branch off where their paper says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a backbone.

    Attributes:
        name: as the paper's table calls it, in snake case: ``conv4``, ``res4a``, ``inception_3a``.
        module: (N, C_in, h, w) -> (N, channels, h', w').
        channels: of its output.
        stride: pixels of the net's input per cell of its output, (down, across) rounded.
    """

    name: str
    module: nn.Module
    channels: int
    stride: tuple[int, int]


class Backbone(nn.Module):
    """Stages in order. Its input is float32 (N, 3, H, W), normalised by :class:`training.nets.normalise.Normalise`.

    Raises:
        ValueError: there is no stage, or two have one name.
    """

    def __init__(self, stages: Iterable[Stage]) -> None:
        super().__init__()
        listed = tuple(stages)
        self.names = tuple(stage.name for stage in listed)
        if not listed or len(set(self.names)) != len(self.names):
            raise ValueError(f"expected stages of different names, got {self.names}")
        self.stages = nn.ModuleDict({stage.name: stage.module for stage in listed})
        self.channels = {stage.name: stage.channels for stage in listed}
        self.strides = {stage.name: stage.stride for stage in listed}

    @property
    def last(self) -> str:
        """The name of the last stage."""
        return self.names[-1]

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The output of every stage, by name."""
        return self.run(images, self.names)

    def run(self, value: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
        """The output of the named stages, one fed into the next: lets a system go on from a middle map."""
        outputs: dict[str, Tensor] = {}
        for name in names:
            value = self.stages[name](value)
            outputs[name] = value
        return outputs

    def up_to(self, name: str) -> tuple[str, ...]:
        """The names of the stages up to and with this one."""
        return self.names[: self.names.index(name) + 1]

    def after(self, name: str) -> tuple[str, ...]:
        """The names of the stages behind this one."""
        return self.names[self.names.index(name) + 1 :]

    def deepest(self) -> dict[str, nn.Module]:
        """Name -> stage: of the stages whose maps are of one size the last, from the finest map to the coarsest."""
        last_of = {self.strides[name]: name for name in self.names}
        return {name: self.stages[name] for name in last_of.values()}
