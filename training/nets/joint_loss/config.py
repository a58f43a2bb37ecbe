"""What a joint-loss net is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from training.config import Config
from training.nets.backbones.config import BackboneConfig, JointInceptionConfig


class BranchConfig(Config):
    """The branch of one region.

    Attributes:
        grid_hw: h x w that its window of the shared map is pooled to; the paper does not give it.
        channels: of the branch's last map (Table II), before the backbone's width; None = as many as the backbone's. Other
            backbones than that of Table I have as many in every branch.
        features: of its fully connected layer (Table II).
        backbone: another trunk for this branch, of which the stages behind the tap are taken; it has as many channels at the
            tap as the system's. None = the system's own, with weights of its own.
    """

    grid_hw: tuple[int, int]
    channels: int | None = Field(default=None, ge=1)
    features: int = Field(ge=1)
    backbone: BackboneConfig | None = None


class JointLossConfig(Config):
    """The whole architecture by default (section III-B).

    Attributes:
        backbone: the global branch, the Inception of Table I.
        tap: the stage that the branches pool; they share it and all before it.
        regions: ``landmarks``; ``stripes`` at fixed heights (Fig. 3b); or ``none``: the backbone alone.
        features: of the global branch's fully connected layer.
        head, trunk, lower_limb: the branches. Their grids are about the regions' sizes on the 51 x 23 cells of conv4_x.
        dropout: between the joined feature and the classifier.
    """

    backbone: BackboneConfig = JointInceptionConfig()
    tap: str = "conv4_x"
    regions: Literal["landmarks", "stripes", "none"] = "landmarks"
    features: int = Field(default=256, ge=1)
    head: BranchConfig = BranchConfig(grid_hw=(12, 12), channels=640, features=64)
    trunk: BranchConfig = BranchConfig(grid_hw=(24, 16), features=128)
    lower_limb: BranchConfig = BranchConfig(grid_hw=(24, 16), features=128)
    dropout: float = Field(default=0.5, ge=0, lt=1)

    @property
    def branches(self) -> dict[str, BranchConfig]:
        """Region -> its branch, in the order of :data:`training.nets.joint_loss.regions.REGIONS`; none without regions."""
        if self.regions == "none":
            return {}
        return {"head": self.head, "trunk": self.trunk, "lower_limb": self.lower_limb}
