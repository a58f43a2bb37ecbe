"""The main full image stream, MF (DSA-reID, sections 3.2.2 and 4.2): all that is left of the system at inference.

Legend: N people, H x W pixels of the crop.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping

from pydantic import Field, model_validator
from torch import Tensor, nn

from training.config import Config
from training.nets.backbones.backbone import Backbone
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import BackboneConfig, ResNetConfig
from training.nets.backbones.convolution import initialise
from training.nets.backbones.residual_blocks import BasicBlock, Bottleneck, residual_blocks
from training.nets.backbones.resnet import last_of
from training.nets.dsa.branches import Branch
from training.nets.dsa.grouped_blocks import EXPANSION, BlockKind, grouped_blocks
from training.nets.dsa.guide_stream import REGIONS
from training.nets.normalise import Normalise
from training.nets.pooling import GlobalAverage


class MainConfig(Config):
    """ResNet-50 with heads like its conv5_x without the stride, by default.

    Attributes:
        backbone: the trunk, with the weights that it starts from.
        trunk_end: the last group of stages that belongs to the trunk; what follows is replaced by the heads.
        block, blocks: of the heads.
        global_features: of f_G, and of d_G.
        local_features: of each f_L,i and d_L,i; an eighth in the paper.
    """

    backbone: BackboneConfig = ResNetConfig()
    trunk_end: str = "res4"
    block: BlockKind = "bottleneck"
    blocks: int = Field(default=3, ge=1)
    global_features: int = Field(default=2048, ge=4)
    local_features: int = Field(default=256, ge=4)

    @model_validator(mode="after")
    def _whole_planes(self) -> MainConfig:
        expansion = EXPANSION[self.block]
        if self.global_features % expansion or self.local_features % expansion:
            raise ValueError(
                f"global_features and local_features: expected multiples of {expansion} with {self.block} blocks, "
                f"got {self.global_features} and {self.local_features}"
            )
        return self


class MainStream(nn.Module):
    """uint8 (N, 3, H, W) -> by branch, f_G (N, global_features) and f_L (N, 8 local_features).

    Args:
        trunk: uint8 pictures -> maps.
        heads: branch -> maps to features.
    """

    def __init__(self, trunk: nn.Module, heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ModuleDict(heads)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        maps = self.trunk(images)
        return {branch: head(maps) for branch, head in self.heads.items()}

    def maps_of(self, branch: Branch) -> nn.Module:
        """What a branch makes of the trunk's maps before it averages them: the local one eight regions, side by side."""
        return self.heads[branch].get_submodule("0")

    def only(self, branches: Collection[Branch]) -> MainStream:
        """The same modules, without the heads of other branches."""
        return MainStream(self.trunk, {branch: self.heads[branch] for branch in branches})


def build_main_stream(config: MainConfig, branches: Collection[Branch]) -> MainStream:
    """The trunk from its checkpoint, if it has one; the heads at random.

    Raises:
        ConfigurationError: the checkpoint is not there or does not fit.
        ValueError: the trunk has no stage of the name.
    """
    backbone = build_backbone(config.backbone)
    end = last_of(backbone, config.trunk_end)
    return MainStream(_trunk(backbone, end), {branch: _head(config, branch, backbone.channels[end]) for branch in branches})


def _trunk(backbone: Backbone, end: str) -> nn.Sequential:
    """Up to and with a stage; the stages behind it are left out."""
    stages = ((name, backbone.stages[name]) for name in backbone.up_to(end))
    return nn.Sequential(OrderedDict([("normalise", Normalise()), *stages]))


def _head(config: MainConfig, branch: Branch, channels: int) -> nn.Sequential:
    """Of f_G: one conv5_x; of f_L: eight narrow ones, side by side, that all see the whole map."""
    expansion = EXPANSION[config.block]
    if branch == "local":
        planes = config.local_features // expansion
        return nn.Sequential(
            grouped_blocks(config.block, channels, planes, groups=REGIONS, blocks=config.blocks, shared_input=True),
            GlobalAverage(),
        )
    block = BasicBlock if config.block == "basic" else Bottleneck
    conv5 = nn.Sequential(*residual_blocks(block, channels, config.global_features // expansion, blocks=config.blocks))
    initialise(conv5)
    return nn.Sequential(conv5, GlobalAverage())
