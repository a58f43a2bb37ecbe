"""Where joints are, learnt as a choice among cells."""

from __future__ import annotations

import torch
from torch import Tensor

from training.batch import Targets
from training.nets.crop_pose.reading import BORDER, cells
from training.nets.system import Outputs


class JointPlaceLoss:
    """-sum_c q_c log softmax(logits)_c over the cells of a joint's map, the mean over the joints that are known.

    A softmax over the map, as Mask R-CNN's key points have it (He et al., ICCV 2017, section 5): cells compete, so a joint is
    learnt from the first step on, where maps of squared error first learn to be empty. q is a bell of ``spread`` cells round
    the true place instead of the one cell that holds it, so that the mean near the peak is finer than a cell. The error is
    less the least that it can be, the entropy of q: 0 = perfect.

    Args:
        spread: deviation of the bell, cells.

    Raises:
        ValueError: (when called) the targets have no key points.
    """

    def __init__(self, *, spread: float = 1.0) -> None:
        self._spread = spread

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        if targets.keypoints is None:
            raise ValueError("the places of joints are learnt from key points, and the targets have none")
        [logits] = outputs.maps["places"]
        keypoints = targets.keypoints.to(logits)
        wanted = bells(keypoints[..., :2], logits, self._spread)
        divergence = (torch.special.xlogy(wanted, wanted) - wanted * logits.flatten(2).log_softmax(dim=2)).sum(dim=2)
        known = keypoints[..., 2] > 0
        mean: Tensor = (divergence * known).sum() / known.sum().clamp(min=1)
        return mean


def bells(xy: Tensor, maps: Tensor, spread: float) -> Tensor:
    """Places (N, J, 2) in [0, 1] of the crop as distributions over the cells of maps (N, J, h, w): (N, J, h w)."""
    height, width = maps.shape[2:]
    rows, columns = cells(maps)
    x = xy[..., :1] * (width - 2 * BORDER) + BORDER - 0.5
    y = xy[..., 1:] * (height - 2 * BORDER) + BORDER - 0.5
    squared = (columns - x).square() + (rows - y).square()
    return (-squared / (2 * spread**2)).softmax(dim=2)
