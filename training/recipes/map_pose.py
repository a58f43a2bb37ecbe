"""The papers' pose nets by themselves: CPM (14 joints) and OpenPose's two streams (19 and 38 maps); and both small, for a CPU.

LRDNN trains the second as one of its branches; here both learn alone, on any sets of people with joints. Joints that a set does
not annotate have no loss. The papers' own data are whole pictures of COCO and MPII; crops of one person show what LRDNN's pose
branch sees. Neither text gives a schedule that fits them: both learn as LRDNN's branch does, Adam 1e-4, times 0.96 an epoch.
"""

from __future__ import annotations

from collections.abc import Mapping

from training.config import AugmentConfig, Decay, OneCycle, OptimiserConfig, Phase, Precision, Shuffled
from training.losses.maps import MapLoss
from training.losses.term import LossTerm
from training.nets.cpm.pose_machine import PoseMachineConfig
from training.nets.openpose.map_spec import PAPER_MAPS, MapSpec
from training.nets.openpose.pose_net import PoseNetConfig
from training.nets.systems.map_pose import Cpm, OpenPose
from training.pose_recipe import PoseRecipe
from training.recipe import DataFacts

_AUGMENT = AugmentConfig(rotate=15, zoom=(0.85, 1.2), shift=0.05, flip=0.5, colour_jitter=0.3)


def _phase(weights: dict[str, float]) -> Phase:
    return Phase(
        name="maps",
        epochs=100,
        weights=weights,
        optimiser=OptimiserConfig(kind="adam", lr=1e-4),
        schedule=Decay(factor=0.96),
        sampling=Shuffled(batch_size=32),
    )


def _small_phase(weights: dict[str, float]) -> Phase:
    return Phase(
        name="maps",
        epochs=8,
        weights=weights,
        optimiser=OptimiserConfig(kind="adamw", lr=2e-3),
        schedule=OneCycle(),
        sampling=Shuffled(batch_size=32),
    )


class CpmRecipe(PoseRecipe):
    """Convolutional Pose Machines on crops: 14 joints and the background, at every stage.

    Attributes:
        system: what the net is made of.
        maps: which joints, and how true maps are drawn.
    """

    name: str = "cpm"
    size_hw: tuple[int, int] = (256, 128)
    system: PoseMachineConfig = PoseMachineConfig()
    maps: MapSpec = MapSpec()
    augment: AugmentConfig = _AUGMENT
    phases: tuple[Phase, ...] = (_phase({"confidence": 1.0}),)

    def build(self, facts: DataFacts) -> Cpm:
        del facts
        return Cpm(self.system, self.maps)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``confidence``: the squared error of every stage's maps."""
        del facts
        return {"confidence": MapLoss(self.maps, "confidence")}


class OpenPoseRecipe(PoseRecipe):
    """OpenPose's two streams on crops: 18 joints and the background, 19 limbs, at every stage.

    Attributes:
        system: what the net is made of.
        maps: which joints and limbs, and how true maps are drawn.
    """

    name: str = "openpose"
    size_hw: tuple[int, int] = (256, 128)
    system: PoseNetConfig = PoseNetConfig()
    maps: MapSpec = PAPER_MAPS
    augment: AugmentConfig = _AUGMENT
    phases: tuple[Phase, ...] = (_phase({"confidence": 1.0, "affinity": 1.0}),)

    def build(self, facts: DataFacts) -> OpenPose:
        del facts
        return OpenPose(self.system, self.maps)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``confidence`` and ``affinity``: the squared errors of every stage's maps."""
        del facts
        return {"confidence": MapLoss(self.maps, "confidence"), "affinity": MapLoss(self.maps, "affinity")}


def cpm_cpu() -> CpmRecipe:
    """An eighth of the channels, three stages, half of the height and width."""
    return CpmRecipe(
        name="cpm_cpu",
        size_hw=(128, 64),
        system=PoseMachineConfig(width=0.125, stages=3, batch_norm=True),
        phases=(_small_phase({"confidence": 1.0}),),
        clip_norm=5.0,
        precision=Precision(channels_last=True),
    )


def openpose_cpu() -> OpenPoseRecipe:
    """An eighth of the channels, half of the height and width."""
    return OpenPoseRecipe(
        name="openpose_cpu",
        size_hw=(128, 64),
        system=PoseNetConfig(width=0.125, batch_norm=True),
        phases=(_small_phase({"confidence": 1.0, "affinity": 1.0}),),
        clip_norm=5.0,
        precision=Precision(channels_last=True),
    )
