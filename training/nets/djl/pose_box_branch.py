"""PIE's way of using parts, the rival of DJL's modules (Table 3): a net of its own on the PoseBox, and the pose's confidence.

DJL's text says of PIE's fusion net that it "takes the original image, the PoseBox, and the pose estimation confidence as
input". Left open are whether the two nets share weights (here: they do not), how they are fused and how the confidence enters
(here: features and confidences side by side, as DJL does with its own), and what is learned from (here: DJL's three softmax
losses, in DJL's two phases, so that the rows of the table differ in nothing else).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sightline.skeleton import indices
from training.nets.backbones.build import build_backbone
from training.nets.djl.config import DjlConfig
from training.nets.djl.global_feature import global_feature
from training.nets.djl.pose_box import JOINTS_USED, pose_box


class PoseBoxBranch(nn.Module):
    """The base network once more, on PoseBoxes.

    Attributes:
        features: of the PoseBox and the confidences together.
    """

    def __init__(self, config: DjlConfig) -> None:
        super().__init__()
        self._joints = indices(JOINTS_USED)
        self.base = build_backbone(config.backbone)
        self.whole, width = global_feature(config.backbone, self.base)
        self.features = width + len(JOINTS_USED)

    def forward(self, images: Tensor, keypoints: Tensor) -> Tensor:
        """(N, features) of normalised pictures (N, 3, H, W) and key points (N, J, 3)."""
        seen = self.whole(self.base(pose_box(images, keypoints))[self.base.last])
        return torch.cat([seen, keypoints[:, list(self._joints), 2].to(seen.dtype)], dim=1)
