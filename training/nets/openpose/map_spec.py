"""Which maps a pose net predicts: a confidence map a joint, an affinity field a limb."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from sightline.skeleton import JOINTS, LIMBS, indices
from training.config import Config

MARKET_JOINTS = JOINTS[:14]
"""Those of CPM, which machine-made annotations of Market-1501 have; 13 limbs."""

COCO_JOINTS = tuple(joint for joint in JOINTS if joint != "head_top")
"""The 18 of OpenPose on COCO."""


def limbs_between(joints: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The limbs of the canonical skeleton whose two ends are at hand."""
    return tuple(limb for limb in LIMBS if set(limb) <= set(joints))


class MapSpec(Config):
    """The channels of both streams, and how true maps are drawn.

    Attributes:
        joints: of the canonical skeleton, in the order of the confidence maps.
        limbs: in the order of the affinity fields; empty = every limb of the skeleton between those joints.
        background: one more confidence map, the last: 1 less the greatest of the others.
        spread: sigma of a joint's bell, in cells of the map.
        limb_width: how far from its axis a limb reaches, in cells.
    """

    joints: tuple[str, ...] = Field(default=MARKET_JOINTS, min_length=1)
    limbs: tuple[tuple[str, str], ...] = ()
    background: bool = True
    spread: float = Field(default=1.0, gt=0)
    limb_width: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _joints_are_known(self) -> Self:
        indices(self.joints)
        if len(set(self.joints)) != len(self.joints):
            raise ValueError(f"expected every joint once, got {', '.join(self.joints)}")
        loose = [limb for limb in self.limbs if not set(limb) <= set(self.joints)]
        if loose:
            raise ValueError(f"expected limbs between {', '.join(self.joints)}; got {loose}")
        if not self.drawn_limbs:
            raise ValueError(f"expected two joints or more that a limb joins, got {', '.join(self.joints)}")
        return self

    @property
    def drawn_limbs(self) -> tuple[tuple[str, str], ...]:
        """The limbs, in the order of the fields."""
        return self.limbs or limbs_between(self.joints)

    @property
    def confidence_maps(self) -> int:
        """U: how many channels the first stream has."""
        return len(self.joints) + int(self.background)

    @property
    def affinity_fields(self) -> int:
        """V: how many channels the second stream has, x and y of each limb."""
        return 2 * len(self.drawn_limbs)


PAPER_MAPS = MapSpec(
    joints=COCO_JOINTS,
    limbs=(*limbs_between(COCO_JOINTS), ("right_shoulder", "right_ear"), ("left_shoulder", "left_ear")),
)
"""The 19 confidence maps and 38 affinity fields of LRDNN: COCO's joints and background; OpenPose's 19 limbs."""
