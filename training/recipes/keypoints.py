"""Key points of crops: the model ``keypoints`` of the contract, small enough to learn and to run on a CPU."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from training.config import AugmentConfig, OneCycle, OptimiserConfig, Phase, Precision, Shuffled
from training.losses.joint_confidence import JointConfidenceLoss
from training.losses.joint_place import JointPlaceLoss
from training.losses.term import LossTerm
from training.nets.crop_pose.config import CropPoseConfig
from training.nets.systems.crop_pose import CropPose
from training.pose_recipe import PoseRecipe
from training.recipe import DataFacts


class KeypointsRecipe(PoseRecipe):
    """The shipped model: 14 joints of real people and 19 of synthetic ones, AdamW in one cycle.

    Attributes:
        system: what the net is made of.
        spread: deviation of the bell that the place of a joint is learnt as, cells.
        tolerance: how far from the truth a place may be before its confidence falls, as a part of the crop's height.
    """

    name: str = "keypoints"
    size_hw: tuple[int, int] = (256, 128)
    system: CropPoseConfig = CropPoseConfig()
    spread: float = Field(default=1.0, gt=0)
    tolerance: float = Field(default=0.05, gt=0)
    augment: AugmentConfig = AugmentConfig(
        cut_off=0.1,
        rotate=15,
        zoom=(0.85, 1.2),
        stretch=0.1,
        shift=0.05,
        flip=0.5,
        colour_jitter=0.3,
        channel_gain=0.15,
        cover=0.15,
        erase=0.2,
        erase_with="noise",
    )
    phases: tuple[Phase, ...] = (
        Phase(
            name="joints",
            epochs=3,
            weights={"place": 1.0, "confidence": 1.0},
            optimiser=OptimiserConfig(kind="adamw", lr=3e-3, weight_decay=1e-2),
            schedule=OneCycle(rise=0.2),
            sampling=Shuffled(batch_size=32),
        ),
    )
    ema: float | None = 0.995
    clip_norm: float | None = 5.0
    precision: Precision = Precision(channels_last=True)

    def build(self, facts: DataFacts) -> CropPose:
        del facts
        return CropPose(self.system)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``place``: where joints are; ``confidence``: whether they are seen there."""
        del facts
        return {"place": JointPlaceLoss(spread=self.spread), "confidence": JointConfidenceLoss(tolerance=self.tolerance)}
