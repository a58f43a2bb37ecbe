"""The losses of dense coordinates (DensePose, Guler et al., CVPR 2018, section 4.2).

Legend: N crops, h x w cells of the predicted maps, H x W pixels of the net's input, of which the truth is known.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from training.augment.view import UNKNOWN_PART
from training.batch import Targets
from training.nets.system import Outputs


class PartLoss:
    """Cross entropy over background and 24 parts, the mean over the cells whose part is known.

    Raises:
        ValueError: called without coordinates among the targets, or maps among the outputs.
    """

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        logits = _maps(outputs, "part").float()
        part, _ = cells_of(_iuv(targets), (logits.shape[2], logits.shape[3]))
        known = (part != UNKNOWN_PART).sum().clamp(min=1)
        total = functional.cross_entropy(logits, part, ignore_index=UNKNOWN_PART, reduction="sum")
        return total / known


class CoordinateLoss:
    """Smooth L1 of u and v as predicted for the true part, the mean over the cells that show one.

    Args:
        beta: below this difference it is quadratic.

    Raises:
        ValueError: called without coordinates among the targets, or maps among the outputs.
    """

    def __init__(self, *, beta: float = 0.1) -> None:
        self._beta = beta

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        predicted = torch.stack([_maps(outputs, "u"), _maps(outputs, "v")], dim=1).float()
        height, width = predicted.shape[3:]
        part, uv = cells_of(_iuv(targets), (height, width))
        on_body = (part > 0) & (part != UNKNOWN_PART)
        index = torch.where(on_body, part - 1, 0)[:, None, None].expand(-1, 2, 1, -1, -1)
        difference = functional.smooth_l1_loss(predicted.gather(2, index)[:, :, 0], uv, beta=self._beta, reduction="none")
        return (difference * on_body[:, None]).sum() / on_body.sum().clamp(min=1)


def cells_of(iuv: Tensor, size_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The truth at the middle of each cell: part int64 (N, h, w); u and v float32 (N, 2, h, w) in [0, 1].

    Args:
        iuv: uint8 (N, H, W, 3), see :class:`training.batch.Targets`.
        size_hw: h and w; at most H and W.
    """
    rows, columns = (_middles(has, wanted, iuv.device) for has, wanted in zip(iuv.shape[1:3], size_hw, strict=True))
    at = iuv[:, rows[:, None], columns]
    return at[..., 0].long(), at[..., 1:].permute(0, 3, 1, 2).float() / 255


def _middles(pixels: int, cells: int, device: torch.device) -> Tensor:
    """The pixel in the middle of each cell; of two the later."""
    return (2 * torch.arange(cells, device=device) + 1) * pixels // (2 * cells)


def _iuv(targets: Targets) -> Tensor:
    if targets.iuv is None:
        raise ValueError("the loss of dense coordinates needs coordinates among the targets, and there are none")
    return targets.iuv


def _maps(outputs: Outputs, name: Literal["part", "u", "v"]) -> Tensor:
    stages = outputs.maps.get(name, ())
    if not stages:
        raise ValueError(f"the loss of dense coordinates needs maps named {name!r} among the outputs")
    return stages[-1]
