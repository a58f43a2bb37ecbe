"""Whether a joint is seen where the net says that it is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.batch import Targets
from training.nets.crop_pose.joint_maps import JointMaps
from training.nets.crop_pose.reading import BORDER, places, seen_logits
from training.nets.system import Outputs


class JointConfidenceLoss:
    """Binary cross entropy of each joint's confidence, the mean over the joints that somebody annotated.

    What it is to be: visibility * exp(-d^2 / 2 s^2), where d is how far the net's place is from the true one (the similarity
    of COCO's key points). So a joint that is hidden, cut off or *misplaced* ends near 0: parts are pooled by it, and a joint
    in the wrong place misleads as much as one that is not there. A set's joints that it never annotates teach nothing.

    Args:
        tolerance: s, as a part of the crop's height.

    Raises:
        ValueError: (when called) the targets have no key points, or do not say which joints were annotated.
    """

    def __init__(self, *, tolerance: float = 0.05) -> None:
        self._tolerance = tolerance

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        if targets.keypoints is None or targets.annotated is None:
            raise ValueError(
                "confidences are learnt from key points and from which joints were annotated: the targets lack them"
            )
        [place], [seen] = outputs.maps["places"], outputs.maps["seen"]
        maps = JointMaps(place, seen)
        keypoints = targets.keypoints.to(place)
        wanted = keypoints[..., 2] * self._similarity(places(maps).detach(), keypoints[..., :2], place)
        errors = functional.binary_cross_entropy_with_logits(seen_logits(maps), wanted, reduction="none")
        return (errors * targets.annotated).sum() / targets.annotated.sum().clamp(min=1)

    def _similarity(self, found: Tensor, true: Tensor, maps: Tensor) -> Tensor:
        """(N, J, 2) twice -> (N, J) in [0, 1]. Cells are square, so the maps tell how wide the crop is."""
        height, width = (cells - 2 * BORDER for cells in maps.shape[2:])
        away = (found - true) * found.new_tensor((width / height, 1.0))
        return torch.exp(-away.square().sum(dim=2) / (2 * self._tolerance**2))
