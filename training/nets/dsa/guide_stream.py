"""The densely semantically aligned guiding stream, DSAG (DSA-reID, section 3.2.1, Table 1, Fig. 4).

Legend: N people, S = 32 the side of a part image, D features.
"""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field
from torch import Tensor, nn

from sightline.body_model.parts import FRONT_BACK, LEFT_RIGHT, PARTS
from training.config import Config
from training.nets.backbones.convolution import initialise
from training.nets.backbones.residual_blocks import BasicBlock, residual_blocks
from training.nets.dsa.branches import Branch
from training.nets.dsa.grouped_blocks import grouped_blocks, grouped_conv_bn_relu
from training.nets.dsa.merging import Merge
from training.nets.normalise import Normalise
from training.nets.pooling import GlobalAverage

REGIONS = len(FRONT_BACK)
"""8: torso, hand, foot, upper leg, lower leg, upper arm, lower arm, head."""


class GuideConfig(Config):
    """Channels of one branch in conv1, conv2, conv3_x and conv4_x."""

    channels: tuple[int, int, int, int] = (32, 64, 64, 128)
    blocks: int = Field(default=2, ge=1)


class PartBranches(nn.Sequential):
    """The multi-branch sub-networks, MB-Ns: (N, 24 * 3, S, S) -> (N, 8 C, S / 4, S / 4), C = the last of the channels."""

    def __init__(self, config: GuideConfig) -> None:
        conv1, conv2, conv3, conv4 = config.channels
        parts, merged = len(PARTS) - 1, len(LEFT_RIGHT)
        super().__init__(
            grouped_conv_bn_relu(3, conv1, 5, groups=parts),
            grouped_conv_bn_relu(conv1, conv2, 3, groups=parts),
            grouped_blocks("basic", conv2, conv3, groups=parts, blocks=config.blocks, stride=2),
            Merge(tuple(LEFT_RIGHT.values())),
            grouped_blocks("basic", conv3, conv4, groups=merged, blocks=config.blocks, stride=2),
            Merge(tuple(FRONT_BACK.values())),
        )


class GuideStream(nn.Module):
    """Part images uint8 (N, 24, 3, S, S) -> by branch, d_G (N, global_features) and d_L (N, 8 local_features).

    Args:
        branches: which of the two.
        global_features, local_features: 2048 and 256 in the paper; the main stream's.
    """

    def __init__(self, config: GuideConfig, branches: Collection[Branch], *, global_features: int, local_features: int) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.parts = PartBranches(config)
        channels = config.channels[-1]
        self.heads = nn.ModuleDict()
        if "global" in branches:
            conv5_g = nn.Sequential(*residual_blocks(BasicBlock, REGIONS * channels, global_features, blocks=config.blocks))
            initialise(conv5_g)
            self.heads["global"] = nn.Sequential(conv5_g, GlobalAverage())
        if "local" in branches:
            conv5_l = grouped_blocks("basic", channels, local_features, groups=REGIONS, blocks=config.blocks)
            self.heads["local"] = nn.Sequential(conv5_l, GlobalAverage())

    def forward(self, part_images: Tensor) -> dict[str, Tensor]:
        maps = self.parts(self.normalise(part_images).flatten(1, 2))
        return {branch: head(maps) for branch, head in self.heads.items()}
