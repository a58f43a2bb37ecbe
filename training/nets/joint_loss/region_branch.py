"""The branch of one region: its window of the shared map, a trunk of its own, a feature (section III-B.2, Table II)."""

from __future__ import annotations

from torch import Tensor, nn

from sightline.errors import ConfigurationError
from training.nets.backbones.backbone import Backbone, Stage
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import JointInceptionConfig
from training.nets.backbones.convolution import scaled
from training.nets.backbones.joint_inception import joint_trunk
from training.nets.heads.fully_connected import fully_connected
from training.nets.joint_loss.config import BranchConfig, JointLossConfig
from training.nets.roi import Windows, roi_max_pool


class RegionBranch(nn.Module):
    """RoI max pooling, the trunk from conv5_x on, average, fully connected. (N, C, H, W) -> (N, features).

    Args:
        channels: C of the shared map.

    Raises:
        ConfigurationError: the branch's own backbone has others there.
    """

    def __init__(self, config: JointLossConfig, branch: BranchConfig, *, channels: int) -> None:
        super().__init__()
        self._grid_hw = branch.grid_hw
        self.trunk = _trunk(config, branch, channels)
        self.reduce = fully_connected(self.trunk.channels[self.trunk.last], branch.features)

    def forward(self, shared: Tensor, windows: Windows) -> Tensor:
        """``windows``: one a picture."""
        pooled = roi_max_pool(shared, windows, self._grid_hw).squeeze(1)
        last = self.trunk.run(pooled, self.trunk.names)[self.trunk.last]
        described: Tensor = self.reduce(last.mean(dim=(2, 3)))
        return described


def _trunk(config: JointLossConfig, branch: BranchConfig, channels: int) -> Backbone:
    """Table II's, or for another backbone a second copy of its own stages behind the tap, with weights of its own."""
    if isinstance(config.backbone, JointInceptionConfig) and branch.channels is not None:
        return joint_trunk(channels, scaled(branch.channels, config.backbone.width))
    whole = build_backbone(branch.backbone or config.backbone)
    own = whole.channels.get(config.tap)
    if own != channels:
        raise ConfigurationError(
            f"a branch's backbone has {own} channels at {config.tap}, where it is tapped: expected {channels}"
        )
    behind = whole.after(config.tap)
    return Backbone(Stage(name, whole.stages[name], whole.channels[name], whole.strides[name]) for name in behind)
