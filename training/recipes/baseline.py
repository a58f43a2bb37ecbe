"""The plain strong baseline: on ResNet-50 as usually trained, and small enough for a CPU."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from training.config import AugmentConfig, Decay, IdentityBalanced, OneCycle, OptimiserConfig, Phase, Precision
from training.embedding_recipe import EmbeddingRecipe
from training.losses.softmax import SoftmaxLoss
from training.losses.term import LossTerm
from training.losses.triplet import TripletLoss
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.systems.baseline import Baseline, BaselineConfig
from training.recipe import DataFacts

_WEIGHTS = {"softmax": 1.0, "triplet": 1.0}


class BaselineRecipe(EmbeddingRecipe):
    """Bag of tricks (Luo et al., CVPRW 2019): P 16, K 4, Adam 3.5e-4 with a warm-up of 10 epochs, a tenth after 40 and 70.

    Attributes:
        system: what the net is made of.
        smoothing: of the labels.
        margin: of the triplet; None = soft.
    """

    name: str = "baseline"
    size_hw: tuple[int, int] = (256, 128)
    system: BaselineConfig = BaselineConfig()
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    margin: float | None = None
    augment: AugmentConfig = AugmentConfig(pad=10, flip=0.5, erase=0.5)
    phases: tuple[Phase, ...] = (
        Phase(
            name="joint",
            epochs=100,
            weights=_WEIGHTS,
            optimiser=OptimiserConfig(kind="adam", lr=3.5e-4, weight_decay=5e-4),
            schedule=Decay(factor=0.1, every=30, start=10, warm_up=10, warm_up_from=0.1),
            sampling=IdentityBalanced(identities=16, instances=4),
        ),
    )

    def build(self, facts: DataFacts) -> Baseline:
        return Baseline(self.system, classes=facts.classes)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        del facts
        return {
            "softmax": SoftmaxLoss("global", smoothing=self.smoothing),
            "triplet": TripletLoss("global", margin=self.margin),
        }


def baseline_cpu() -> BaselineRecipe:
    """The floor: a narrow trunk on 64x128 pictures, 50 epochs in under an hour on two cores."""
    return BaselineRecipe(
        name="baseline_cpu",
        size_hw=(128, 64),
        system=BaselineConfig(backbone=NarrowResidualConfig(), descriptor=384),
        augment=AugmentConfig(pad=8, flip=0.5, channel_gain=0.2, erase=0.5, erase_with="noise"),
        phases=(
            Phase(
                name="joint",
                epochs=50,
                weights=_WEIGHTS,
                optimiser=OptimiserConfig(kind="adamw", lr=2.5e-3, weight_decay=5e-3),
                schedule=OneCycle(),
                sampling=IdentityBalanced(identities=24, instances=4),
            ),
        ),
        precision=Precision(bf16=True, channels_last=True),
        test_flip=True,
    )
