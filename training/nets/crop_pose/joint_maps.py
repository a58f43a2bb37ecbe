"""From a crop to a map a joint, as feature pyramids do it (Lin et al., CVPR 2017): down to a view of the whole, and back.

Legend: N crops of H x W pixels, J joints, h x w = H / cell + 2, W / cell + 2 the cells of a map.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from training.nets.backbones.convolution import conv_bn_relu, initialise
from training.nets.backbones.residual_blocks import BasicBlock, residual_blocks
from training.nets.crop_pose.config import CropPoseConfig

_FIRST_MAPS = 0.01
"""Deviation of the weights of the last convolution: at first every cell is as likely as any other."""


@dataclass(frozen=True, slots=True)
class JointMaps:
    """What the net says, before any decision.

    Attributes:
        places: float32 (N, J, h, w): logits over the cells of where each joint is.
        seen: float32 (N, J, h, w): what each cell adds to the logit of the joint's being seen, if it is there.
    """

    places: Tensor
    seen: Tensor


class JointMapNet(nn.Module):
    """float32 (N, 3, H, W), normalised -> :class:`JointMaps`.

    The maps reach one cell beyond the crop on each side, so that a joint on its very edge (a head at the top, feet at the
    bottom) has cells all round it.
    """

    def __init__(self, config: CropPoseConfig, *, joints: int) -> None:
        super().__init__()
        self._shrink, self._joints = config.shrink, joints
        self.stem = conv_bn_relu(3, config.stem, 3, stride=2, padding=1)
        widths = pairwise((config.stem, *config.channels))
        self.stages = nn.ModuleList(
            nn.Sequential(*residual_blocks(BasicBlock, before, after, blocks=count, stride=2))
            for (before, after), count in zip(widths, config.blocks, strict=True)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(channels, config.pyramid, 1) for channels in config.channels)
        self.smooth = conv_bn_relu(config.pyramid, config.pyramid, 3, padding=2)
        self.maps = nn.Conv2d(config.pyramid, 2 * joints, 1)
        initialise(self)
        nn.init.normal_(self.maps.weight, std=_FIRST_MAPS)

    def forward(self, images: Tensor) -> JointMaps:
        value = self.stem(functional.avg_pool2d(images, self._shrink))
        levels = []
        for stage in self.stages:
            value = stage(value)
            levels.append(value)
        maps = self.maps(self.smooth(functional.relu(self._way_back(levels))))
        return JointMaps(maps[:, : self._joints], maps[:, self._joints :])

    def _way_back(self, levels: list[Tensor]) -> Tensor:
        """The finest level, with all that the coarser ones know."""
        value: Tensor = self.lateral[-1](levels[-1])
        for lateral, level in zip(reversed(self.lateral[:-1]), reversed(levels[:-1]), strict=True):
            value = functional.interpolate(value, scale_factor=2.0, mode="nearest") + lateral(level)
        return value
