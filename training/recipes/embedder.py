"""The embedder that Sightline ships; see :mod:`training.nets.systems.embedder`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from sightline.errors import ConfigurationError
from training.config import AugmentConfig, IdentityBalanced, OneCycle, OptimiserConfig, Phase, Precision
from training.embedding_recipe import EmbeddingRecipe
from training.losses.attributes import AttributeLoss
from training.losses.softmax import SoftmaxLoss
from training.losses.term import LossTerm
from training.losses.triplet import TripletLoss
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.joint_loss.config import BranchConfig, JointLossConfig
from training.nets.systems.embedder import Embedder
from training.recipe import DataFacts
from training.recipes.paper_rows import Overrides, PaperRow, by_name

_BRANCH = NarrowResidualConfig(channels=(32, 64, 64, 128))
"""Behind the tap at half of the trunk's width."""


def _regions() -> JointLossConfig:
    return JointLossConfig(
        backbone=NarrowResidualConfig(),
        tap="res2a",
        features=256,
        head=BranchConfig(grid_hw=(8, 8), features=64, backbone=_BRANCH),
        trunk=BranchConfig(grid_hw=(14, 10), features=128, backbone=_BRANCH),
        lower_limb=BranchConfig(grid_hw=(14, 10), features=128, backbone=_BRANCH),
        dropout=0.0,
    )


class EmbedderRecipe(EmbeddingRecipe):
    """One phase with all losses; three quarters of it on small pictures. Poses and attributes are learnt where a set has them.

    Attributes:
        system: the regions and their trunk.
        smoothing: of the labels.
        margin: of the triplets, between features of length 1; None = soft.
    """

    name: str = "embedder"
    size_hw: tuple[int, int] = (128, 64)
    growing: tuple[tuple[int, tuple[int, int]], ...] = ((0, (96, 48)), (12, (128, 64)))
    system: JointLossConfig = _regions()
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    margin: float | None = Field(default=0.3, ge=0)
    augment: AugmentConfig = AugmentConfig(pad=8, flip=0.5, channel_gain=0.2, erase=0.5, erase_with="noise", hide_pose=0.3)
    phases: tuple[Phase, ...] = (
        Phase(
            name="joint",
            epochs=16,
            weights={"softmax": 1.0, "triplet": 1.0, "attributes": 0.1},
            optimiser=OptimiserConfig(kind="adamw", lr=2.5e-3, weight_decay=5e-3),
            schedule=OneCycle(rise=0.15),
            sampling=IdentityBalanced(identities=24, instances=4),
        ),
    )
    precision: Precision = Precision(channels_last=True)

    def build(self, facts: DataFacts) -> Embedder:
        if not facts.keypoints and self.system.regions == "landmarks":
            raise ConfigurationError(
                "the regions are found by landmarks, and no data set has key points: put keypoints.npz beside one, or train "
                "with --set system.regions=stripes"
            )
        return Embedder(self.system, classes=facts.classes, attributes=facts.attributes)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``softmax`` behind the neck, ``triplet`` before it, and ``attributes`` where they are known."""
        terms: dict[str, LossTerm] = {
            "softmax": SoftmaxLoss("identity", smoothing=self.smoothing),
            "triplet": TripletLoss("joined", margin=self.margin, normalised=True),
        }
        if facts.attributes:
            terms["attributes"] = AttributeLoss(tuple(facts.attributes))
        return terms


_TRUNK: Overrides = {"system.regions": "none", "phases.0.weights": {"softmax": 1.0, "triplet": 1.0}}

ROWS: Mapping[str, PaperRow] = by_name(
    (
        PaperRow("softmax", {**_TRUNK, "phases.0.weights": {"softmax": 1.0}}),
        PaperRow("triplet", _TRUNK, baseline="softmax"),
        PaperRow("attributes", {"system.regions": "none"}, baseline="triplet"),
        PaperRow("whole", {}, baseline="attributes"),
        PaperRow("stripes", {"system.regions": "stripes"}, baseline="attributes"),
        PaperRow("never_without_pose", {"augment.hide_pose": 0.0}, baseline="whole"),
        PaperRow("large_pictures", {"growing": ()}, baseline="whole"),
        PaperRow("erased", {"augment.erase": 0.5}, baseline="whole"),
    )
)
"""What each step brings, from the trunk and its softmax loss on; there is no paper to compare with."""

CPU: Overrides = {"phases.0.epochs": 6, "growing": ((0, (96, 48)), (5, (128, 64))), "augment.erase": 0.0}
"""A quarter of an hour a row on one core; too short a time to learn from pictures with holes."""

GPU: Overrides = {"phases.0.epochs": 60, "growing": (), "precision": {"bf16": True, "channels_last": True}}
