"""The net of key points: a person's crop in, all joints of the canonical skeleton out.

Legend: N crops of H x W pixels, J = 19 joints of :data:`sightline.skeleton.JOINTS`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.skeleton import JOINTS
from training.batch import Inputs
from training.nets.crop_pose.config import CropPoseConfig
from training.nets.crop_pose.joint_maps import JointMapNet, JointMaps
from training.nets.crop_pose.reading import places, seen_logits
from training.nets.normalise import Normalise
from training.nets.system import Outputs
from training.nets.systems.pose_system import PoseSystem


class CropPose(PoseSystem):
    """Key points of crops. Its maps ``places`` and ``seen`` are those of :class:`JointMaps`."""

    def __init__(self, config: CropPoseConfig) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.net = JointMapNet(config, joints=len(JOINTS))

    def forward(self, inputs: Inputs) -> Outputs:
        maps = self.maps(inputs.images)
        return Outputs(maps={"places": (maps.places,), "seen": (maps.seen,)})

    def maps(self, images: Tensor) -> JointMaps:
        """Of pictures uint8 (N, 3, H, W)."""
        maps: JointMaps = self.net(self.normalise(images))
        return maps

    def estimate(self, images: Tensor) -> Tensor:
        """Key points of pictures uint8 (N, 3, H, W): float32 (N, J, 3), x and y in [0, 1], confidence in [0, 1]."""
        maps = self.maps(images)
        return torch.cat([places(maps), seen_logits(maps).sigmoid()[..., None]], dim=2)
