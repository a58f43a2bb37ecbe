"""Person re-identification with joint loss (Liu et al.): the paper's values, the rows of its table, and a preset for a CPU.

The text gives the input (219 x 103), dropout (0.5), the weights of softmax and triplet (0.5 : 1) and that training with both is
fine-tuned from the softmax loss alone. It gives no optimiser, rate, epochs, batch, augmentation or margin; chosen here: Adam,
1e-3 for the softmax phase and 2e-4 for the joint one, flips and random crops, P 16 K 4 where there are triplets, margin 0.3
between features of length 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from sightline.errors import ConfigurationError
from training.config import AugmentConfig, Decay, IdentityBalanced, OptimiserConfig, Phase, Shuffled
from training.embedding_recipe import EmbeddingRecipe
from training.losses.pose_triplet import PoseConstraint, PoseTripletLoss
from training.losses.softmax import SoftmaxLoss
from training.losses.term import LossTerm
from training.nets.joint_loss.config import JointLossConfig
from training.nets.systems.joint_loss import JointLossNet
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.paper_rows import Figures, Overrides, PaperRow, by_name


class JointLossRecipe(EmbeddingRecipe):
    """The whole architecture: softmax alone, then softmax and pose-constrained triplet on the same weights.

    Attributes:
        system: what the net is made of.
        constraint: which poses are comparable; None = plain batch-hard triplets.
        margin: of the triplets; None = soft.
        aspect: width by height of the data's pictures, by which poses are compared.
    """

    name: str = "joint_loss"
    size_hw: tuple[int, int] = (219, 103)
    system: JointLossConfig = JointLossConfig()
    constraint: PoseConstraint | None = PoseConstraint()
    margin: float | None = 0.3
    aspect: float = Field(default=0.5, gt=0)
    augment: AugmentConfig = AugmentConfig(resize_hw=(232, 110), flip=0.5)
    phases: tuple[Phase, ...] = (
        Phase(
            name="softmax",
            epochs=120,
            weights={"softmax": 1.0},
            optimiser=OptimiserConfig(kind="adam", lr=1e-3, weight_decay=5e-4),
            schedule=Decay(factor=0.1, every=40, start=40),
            sampling=Shuffled(batch_size=64),
        ),
        Phase(
            name="joint",
            epochs=40,
            weights={"softmax": 0.5, "triplet": 1.0},
            optimiser=OptimiserConfig(kind="adam", lr=2e-4, weight_decay=5e-4),
            schedule=Decay(factor=0.1, every=20, start=20),
            sampling=IdentityBalanced(identities=16, instances=4),
        ),
    )

    def build(self, facts: DataFacts) -> JointLossNet:
        if not facts.keypoints and self.system.regions == "landmarks":
            raise ConfigurationError(
                "the regions are found by landmarks, and the data set has no key points: put keypoints.npz beside it, "
                "or train with --set system.regions=stripes --set constraint=null"
            )
        if not facts.keypoints and self.constraint is not None and any("triplet" in phase.weights for phase in self.phases):
            raise ConfigurationError(
                "the triplets compare poses, and the data set has no key points: put keypoints.npz beside it, "
                "or train with --set constraint=null"
            )
        return JointLossNet(self.system, classes=facts.classes)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``softmax`` (eq. 2) and ``triplet`` (eq. 3) of the joined feature."""
        del facts
        return {
            "softmax": SoftmaxLoss("identity"),
            "triplet": PoseTripletLoss("joined", aspect=self.aspect, constraint=self.constraint, margin=self.margin),
        }


CPU: Overrides = {
    "size_hw": (128, 64),
    "augment.resize_hw": (136, 68),
    "system.backbone.kind": "narrow_residual",
    "system.tap": "res2a",
    "system.head.grid_hw": (8, 8),
    "system.trunk.grid_hw": (14, 10),
    "system.lower_limb.grid_hw": (14, 10),
    "phases.0.epochs": 12,
    "phases.0.schedule": {"kind": "decay", "factor": 0.1, "every": 4, "start": 4},
    "phases.1.epochs": 4,
    "phases.1.schedule": {"kind": "decay", "factor": 0.1, "every": 2, "start": 2},
    "precision": {"bf16": True, "channels_last": True},
}
"""A scale to lay over any row: the narrow residual trunk on 128 x 64, tapped at 32 x 16 cells, and a tenth of the epochs."""


GPU: Overrides = {
    "phases.0.epochs": 45,
    "phases.0.schedule": {"kind": "decay", "factor": 0.1, "every": 15, "start": 15},
    "phases.1.epochs": 15,
    "phases.1.schedule": {"kind": "decay", "factor": 0.1, "every": 8, "start": 7},
    "precision": {"bf16": True, "channels_last": True},
}
"""The paper's net and size, three eighths of the epochs chosen here."""


def joint_loss_cpu() -> JointLossRecipe:
    """The whole architecture at the scale of :data:`CPU`."""
    return overridden(JointLossRecipe(name="joint_loss_cpu"), CPU)


_GLOBAL: Overrides = {"system.regions": "none"}


def _weighed(softmax: float, triplet: float) -> Overrides:
    return {"phases.1.weights": {"softmax": softmax, "triplet": triplet}}


_SOFTMAX: Overrides = {"phases.1.weights": {"softmax": 1.0}}
"""Rows without a triplet go through the second phase too, with its sampling: every row has the same budget."""

ROWS: Mapping[str, PaperRow] = by_name(
    (
        PaperRow("baseline", {**_GLOBAL, **_SOFTMAX}, {"market1501": Figures(79.72, 58.94)}),
        PaperRow("global_local", _SOFTMAX, {"market1501": Figures(83.13, 67.04)}, "baseline"),
        PaperRow("softmax_triplet_2_1", {**_GLOBAL, **_weighed(1.0, 0.5)}, {"market1501": Figures(84.57, 67.71)}, "baseline"),
        PaperRow("softmax_triplet_1_1", {**_GLOBAL, **_weighed(1.0, 1.0)}, {"market1501": Figures(84.78, 67.87)}, "baseline"),
        PaperRow("softmax_triplet_1_2", {**_GLOBAL, **_weighed(0.5, 1.0)}, {"market1501": Figures(84.81, 67.23)}, "baseline"),
        PaperRow(
            "whole",
            {},
            {"market1501": Figures(86.10, 67.97), "cuhk03": Figures(83.31), "duke": Figures(72.62, 52.88)},
            "baseline",
        ),
        PaperRow("stripes", {"system.regions": "stripes"}, {}, "baseline"),
        PaperRow("unconstrained", {"constraint": None}, {}, "baseline"),
    )
)
"""Table IV (printed as 5 in the text); and, without printed figures, the stripes of Fig. 3b and plain batch-hard triplets."""
