"""The embedder that Sightline ships; see :mod:`training.nets.systems.embedder`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from sightline.errors import ConfigurationError
from training.config import AugmentConfig, IdentityBalanced, OneCycle, OptimiserConfig, Phase, Precision, Shuffled
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

_BRANCH = NarrowResidualConfig(channels=(32, 64, 96, 160))
"""Behind the tap narrower than the trunk: with three of them, still under 3 M parameters."""


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
    """Softmax and attributes on shuffled batches; then triplets beside them. Most of it on small pictures.

    As in the joint-loss paper the triplets, and with them batches of few people, come last; the row ``triplets_from_the_start``
    tells what that brings. Poses and attributes are learnt where a set has them.

    Attributes:
        system: the regions and their trunk.
        smoothing: of the labels.
        margin: of the triplets, between features of length 1; None = soft.
    """

    name: str = "embedder"
    size_hw: tuple[int, int] = (128, 64)
    growing: tuple[tuple[int, tuple[int, int]], ...] = ((0, (96, 48)), (9, (128, 64)))
    system: JointLossConfig = _regions()
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    margin: float | None = Field(default=0.3, ge=0)
    augment: AugmentConfig = AugmentConfig(pad=4, flip=0.5, channel_gain=0.1, hide_pose=0.15)
    phases: tuple[Phase, ...] = (
        Phase(
            name="softmax",
            epochs=10,
            weights={"softmax": 1.0, "attributes": 0.1},
            optimiser=OptimiserConfig(kind="adam", lr=1e-3, weight_decay=5e-4),
            schedule=OneCycle(rise=0.05),
            sampling=Shuffled(batch_size=64),
        ),
        Phase(
            name="joint",
            epochs=3,
            weights={"softmax": 0.5, "triplet": 1.0, "attributes": 0.1},
            optimiser=OptimiserConfig(kind="adam", lr=2e-4, weight_decay=5e-4),
            schedule=OneCycle(rise=0.05),
            sampling=IdentityBalanced(identities=16, instances=4),
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


_SOFTMAX, _TRIPLET = {"softmax": 1.0}, {"softmax": 0.5, "triplet": 1.0}
_TRUNK: Overrides = {"system.regions": "none", "phases.0.weights": _SOFTMAX, "phases.1.weights": _TRIPLET}
_FROM_THE_START: Overrides = {
    "phases.0.weights": {**_TRIPLET, "attributes": 0.1},
    "phases.0.sampling": {"kind": "identity_balanced", "identities": 16, "instances": 4},
}

ROWS: Mapping[str, PaperRow] = by_name(
    (
        PaperRow("softmax", {**_TRUNK, "phases.1.weights": _SOFTMAX}),
        PaperRow("triplet", _TRUNK, baseline="softmax"),
        PaperRow("attributes", {"system.regions": "none"}, baseline="triplet"),
        PaperRow("whole", {}, baseline="attributes"),
        PaperRow("triplets_from_the_start", _FROM_THE_START, baseline="whole"),
        PaperRow("erased", {"augment.erase": 0.5, "augment.erase_with": "noise"}, baseline="whole"),
        PaperRow("stripes", {"system.regions": "stripes"}, baseline="attributes"),
        PaperRow("never_without_pose", {"augment.hide_pose": 0.0}, baseline="whole"),
        PaperRow("large_pictures", {"growing": ()}, baseline="whole"),
    )
)
"""What each step brings, from the trunk and its softmax loss on; there is no paper to compare with."""

CPU: Overrides = {"phases.0.epochs": 5, "phases.1.epochs": 2, "growing": ((0, (96, 48)), (5, (128, 64)))}
"""A quarter of an hour a row on one core."""

GPU: Overrides = {
    "phases.0.epochs": 40,
    "phases.1.epochs": 20,
    "growing": (),
    "precision": {"bf16": True, "channels_last": True},
}
"""An hour or so on one GPU; not run yet."""
