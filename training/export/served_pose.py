"""A pose net as the model ``keypoints`` of the contract.

Legend: N crops of H x W pixels, J = 19 joints of :data:`sightline.skeleton.JOINTS`.
"""

from __future__ import annotations

from torch import Tensor, nn

from sightline.skeleton import JOINTS
from sightline.spec import CropRule, TensorSpec
from training.export.contract_net import ContractNet
from training.nets.systems.pose_system import PoseSystem

TOLERANCES = {"xy": 0.05, "confidence": 1e-3}
"""Pixels of the crop, and parts of 1."""


class ServedPose(nn.Module):
    """uint8 crops (N, H, W, 3) RGB -> ``xy`` float32 (N, J, 2), pixels of the crop, and ``confidence`` float32 (N, J)."""

    def __init__(self, system: PoseSystem, size_hw: tuple[int, int]) -> None:
        super().__init__()
        self.system = system
        self._size_wh = (float(size_hw[1]), float(size_hw[0]))
        self.training = system.training  # exporters put a net back into the mode that they met it in, with its children

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        found = self.system.estimate(crop.permute(0, 3, 1, 2))
        return found[..., :2] * found.new_tensor(self._size_wh), found[..., 2]


def served_pose(system: PoseSystem, size_hw: tuple[int, int]) -> ContractNet:
    """The net for crops of this size, stretched to it as the net's training pictures were."""
    count = len(JOINTS)
    return ContractNet(
        net=ServedPose(system, size_hw),
        kind="keypoints",
        input=TensorSpec(name="crop", dtype="uint8", shape=(-1, *size_hw, 3)),
        outputs=(
            TensorSpec(name="xy", dtype="float32", shape=(-1, count, 2)),
            TensorSpec(name="confidence", dtype="float32", shape=(-1, count)),
        ),
        tolerances=TOLERANCES,
        crop=CropRule(size_hw=size_hw),
        joints=JOINTS,
    )
