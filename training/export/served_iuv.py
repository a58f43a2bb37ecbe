"""A net of dense coordinates as the model ``densepose`` of the contract.

Legend: N crops of H x W pixels, h x w cells of the maps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sightline.spec import CropRule, TensorSpec
from training.export.contract_net import ContractNet
from training.nets.systems.iuv import IuvSystem

TOLERANCES = {"u": 2e-3, "v": 2e-3}
"""Parts of 1, where both show the same part."""


class ServedIuv(nn.Module):
    """uint8 crops (N, H, W, 3) RGB -> ``part`` uint8, ``u`` and ``v`` float32, all (N, h, w)."""

    def __init__(self, system: IuvSystem) -> None:
        super().__init__()
        self.net = system.inference_net()
        self.training = self.net.training  # exporters put a net back into the mode that they met it in, with its children

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        part, u, v = self.net(crop.permute(0, 3, 1, 2))
        return part, u, v


def served_iuv(system: IuvSystem, crop_hw: tuple[int, int]) -> ContractNet:
    """The net for crops of this size, stretched to it as the net's training pictures were."""
    net = ServedIuv(system)
    with torch.no_grad():
        maps = net(torch.zeros((1, *crop_hw, 3), dtype=torch.uint8))
    shape = (-1, *maps[0].shape[1:])
    return ContractNet(
        net=net,
        kind="densepose",
        input=TensorSpec(name="crop", dtype="uint8", shape=(-1, *crop_hw, 3)),
        outputs=(
            TensorSpec(name="part", dtype="uint8", shape=shape),
            TensorSpec(name="u", dtype="float32", shape=shape),
            TensorSpec(name="v", dtype="float32", shape=shape),
        ),
        tolerances=TOLERANCES,
        crop=CropRule(size_hw=crop_hw),
    )
