"""From the maps of a net to one part a cell, and the coordinates on that part: what a model of the contract gives."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.nets.iuv.iuv_net import IuvMaps, IuvNet


class IuvChoice(nn.Module):
    """uint8 crops (N, 3, H, W) -> part uint8 (N, h, w), u and v float32 (N, h, w) in [0, 1]; both 0 on the background.

    Learning or not as the net is now: exporters leave a net in the mode that they met it in.
    """

    def __init__(self, net: IuvNet) -> None:
        super().__init__()
        self.net = net
        self.training = net.training

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return chosen(self.net(images))


def chosen(maps: IuvMaps) -> tuple[Tensor, Tensor, Tensor]:
    """The part of the greatest logit, the first of equals; u and v as predicted for it, cut to [0, 1]."""
    part = maps.part.argmax(dim=1, keepdim=True)
    u, v = (_of_part(each.float(), part) for each in (maps.u, maps.v))
    return part[:, 0].to(torch.uint8), u, v


def _of_part(coordinate: Tensor, part: Tensor) -> Tensor:
    """(N, 24, h, w) at the parts (N, 1, h, w): (N, h, w)."""
    background = torch.zeros_like(coordinate[:, :1])
    return torch.cat([background, coordinate], dim=1).gather(1, part)[:, 0].clamp(0, 1)
