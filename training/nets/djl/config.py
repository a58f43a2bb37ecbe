"""What a DJL net is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from training.config import Config
from training.nets.backbones.config import BackboneConfig, DgdInceptionConfig


class PartModule(Config):
    """One module of the local branch.

    Attributes:
        layer: the stage of the backbone whose map it pools.
        grid_hw: H x W, the cells that each part window is pooled to.
    """

    layer: str
    grid_hw: tuple[int, int] = (1, 1)


HIERARCHICAL = (
    PartModule(layer="inception_3a", grid_hw=(1, 1)),
    PartModule(layer="inception_2a", grid_hw=(3, 3)),
    PartModule(layer="inception_1a", grid_hw=(5, 5)),
)
"""The modules of DJL-HFA (section 3.3.2): coarse grids in deep layers, fine ones in shallow layers."""


class DjlConfig(Config):
    """DJL-HFA on Inception by default.

    Attributes:
        backbone: the global branch.
        modules: of the local branch; none = the base network alone.
        window_wh, window_of_wh: width and height of a part window, in pixels of an input of that width and height; on
            other sizes the windows scale along. 24/16 of 56/144 for Inception, 32/32 of 224/224 or 227/227 (section 4.2.2).
        reweighting: Region Re-Weighting, a learned weight for each part in each module (section 3.3.3).
        initial_weight: of RRW (Table 12).
        descriptor: D of each module's local descriptor. The paper does not give it; 256 is the width of Inception's FC7.
        feature: what is matched at test (Fig. 7).
        pose_box: PIE's PoseBox in the place of the modules (Table 3).
    """

    backbone: BackboneConfig = DgdInceptionConfig()
    modules: tuple[PartModule, ...] = HIERARCHICAL
    window_wh: tuple[float, float] = (24, 16)
    window_of_wh: tuple[float, float] = (56, 144)
    reweighting: bool = True
    initial_weight: float = 10.0
    descriptor: int = Field(default=256, ge=1)
    feature: Literal["local", "global", "hybrid"] = "hybrid"
    pose_box: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> DjlConfig:
        layers = [module.layer for module in self.modules]
        if len(set(layers)) != len(layers):
            raise ValueError(f"expected modules on different layers, got {layers}")
        if self.modules and self.pose_box:
            raise ValueError("a PoseBox stands in the place of the modules: set system.modules=[]")
        if not self.has_parts and self.feature != "global":
            raise ValueError(f"without modules there is no {self.feature} feature: set system.feature=global")
        return self

    @property
    def has_parts(self) -> bool:
        """Whether there is more than the base network."""
        return bool(self.modules) or self.pose_box

    @property
    def window(self) -> tuple[float, float]:
        """Width and height of a part window, as parts of the picture's."""
        return self.window_wh[0] / self.window_of_wh[0], self.window_wh[1] / self.window_of_wh[1]
