"""DJL, Deep Joint Learning: the paper's values (section 4.2), and a preset for a CPU. Tables: :mod:`training.recipes.djl_rows`.

The text does not state momentum and weight decay (0.9 and 5e-4, as Caffe's examples have them), nor the batch of the second
phase (that of the first). Its end value of Inception's rate, 0.0005, does not fit its decay, which ends at 0.0094; the decay is
followed. The learned part weights (RRW) have a hundred times the rate: a step relative to a weight of 10 is a hundredth of one
relative to 1, and at the common rate they stay at 10 to the second digit. The paper's end between 5.2 and 10.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from sightline.errors import ConfigurationError
from training.config import AugmentConfig, Decay, OptimiserConfig, Phase, Polynomial, Shuffled
from training.embedding_recipe import EmbeddingRecipe
from training.losses.softmax import SoftmaxLoss
from training.losses.term import LossTerm
from training.nets.djl.config import DjlConfig
from training.nets.systems.djl import Djl
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.djl_rows import CPU, ROWS, scaled

_LOCAL = ("descriptor.local", "classifiers.local", "classifiers.hybrid")
_THREE = {"global": 1.0, "local": 1.0, "hybrid": 1.0}


class DjlRecipe(EmbeddingRecipe):
    """DJL-HFA on Inception: the base network from scratch, 232 epochs, then all of it, 20 epochs (sections 4.2.1, 4.2.2).

    Attributes:
        system: what the net is made of.
    """

    name: str = "djl_hfa"
    size_hw: tuple[int, int] = (144, 56)
    system: DjlConfig = DjlConfig()
    augment: AugmentConfig = AugmentConfig(resize_hw=(160, 64), flip=0.5)
    phases: tuple[Phase, ...] = (
        Phase(
            name="base",
            epochs=232,
            weights={"global": 1.0},
            optimiser=OptimiserConfig(kind="sgd", lr=0.1, momentum=0.9, weight_decay=5e-4),
            schedule=Decay(factor=0.96, every=4),
            sampling=Shuffled(batch_size=100),
            frozen=_LOCAL,
        ),
        Phase(
            name="joint",
            epochs=20,
            weights=_THREE,
            optimiser=OptimiserConfig(
                kind="sgd", lr=0.01, momentum=0.9, weight_decay=5e-4, lr_factors={"descriptor.local.part_weights": 100.0}
            ),
            schedule=Polynomial(power=0.5),
            sampling=Shuffled(batch_size=100),
        ),
    )

    def build(self, facts: DataFacts) -> Djl:
        if self.system.has_parts and not facts.keypoints:
            raise ConfigurationError(
                "DJL pools around body parts, and the data set has no key points: put keypoints.npz beside it, "
                "or train the base network alone (row `base`)"
            )
        return Djl(self.system, classes=facts.classes)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """A softmax loss for each head (section 3.3.1)."""
        del facts
        heads = _THREE if self.system.has_parts else ("global",)
        return {head: SoftmaxLoss(head) for head in heads}


def djl_cpu() -> DjlRecipe:
    """DJL-HFA on a quarter of Inception's width, 16 epochs: :data:`training.recipes.djl_rows.CPU`."""
    return overridden(DjlRecipe(name="djl_cpu"), scaled(ROWS["djl_hfa"], CPU))
