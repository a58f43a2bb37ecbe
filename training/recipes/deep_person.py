"""Deep-Person: the paper's values (section 4.1), and a preset for a CPU. Its tables: :mod:`training.recipes.deep_person_rows`.

- *phases*: the released code trains the triplet alone for the first 30 of 150 epochs; the text trains all from the start, which
  is ``phases.0.frozen=[]`` with ``phases.0.weights.part=1`` and ``phases.0.weights.global=1``. Adam begins anew in the second.
- *rate*: flat up to epoch 100, then times 0.001 ^ ((e - 100) / 50), as in "In Defense of the Triplet Loss".
- *gradient clipping*: the paper has it and names no threshold; 10 is ours.
- *test*: the picture alone, as in the text; the released code adds its mirror image: ``test_flip=true``.
- *K*: 8 for Market-1501 and DukeMTMC-reID; for CUHK03 4, so P is 32: ``phases.*.sampling.instances`` and ``.identities``.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from sightline.errors import ConfigurationError
from training.config import AugmentConfig, Decay, IdentityBalanced, OptimiserConfig, Phase
from training.embedding_recipe import EmbeddingRecipe
from training.losses.softmax import SoftmaxLoss
from training.losses.term import LossTerm
from training.losses.triplet import TripletLoss
from training.nets.systems.deep_person import DeepPerson, DeepPersonConfig
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.paper_rows import Overrides

_ADAM = OptimiserConfig(kind="adam", lr=3e-4, weight_decay=5e-4)
_SAMPLING = IdentityBalanced(identities=16, instances=8, epoch="identities")


class DeepPersonRecipe(EmbeddingRecipe):
    """P 16, K 8, an epoch floor(identities / P) batches, Adam 3e-4 over 150 epochs.

    Attributes:
        system: which branches, and what they are made of.
        margin: m of the triplets (equation 1).
    """

    name: str = "deep_person"
    size_hw: tuple[int, int] = (256, 128)
    system: DeepPersonConfig = DeepPersonConfig()
    margin: float = Field(default=0.5, ge=0)
    augment: AugmentConfig = AugmentConfig(scale=(0.64, 1.0), aspect=(2.0, 3.0), flip=0.5)
    clip_norm: float | None = Field(default=10.0, gt=0)
    phases: tuple[Phase, ...] = (
        Phase(
            name="triplet",
            epochs=30,
            weights={"triplet": 1.0},
            optimiser=_ADAM,
            sampling=_SAMPLING,
            frozen=("branches",),
        ),
        Phase(
            name="joint",
            epochs=120,
            weights={"triplet": 1.0, "part": 1.0, "global": 1.0},
            optimiser=_ADAM,
            schedule=Decay(factor=0.001, start=70, every=50, smooth=True),
            sampling=_SAMPLING,
        ),
    )

    def build(self, facts: DataFacts) -> DeepPerson:
        heights = {height for _, (height, _) in self.growing} - {self.size_hw[0]}
        if heights:
            raise ConfigurationError(
                f"growing: the parts are the rows of the map, which are made for a height of {self.size_hw[0]}, got "
                f"{', '.join(map(str, sorted(heights)))}: let pictures grow in width alone"
            )
        return DeepPerson(self.system, classes=facts.classes, image_height=self.size_hw[0])

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """Equation 3: ``triplet`` on f_m, ``part`` and ``global`` the softmax losses of the branches that there are."""
        del facts
        heads = {"part": self.system.part != "none", "global": self.system.whole}
        softmaxes: dict[str, LossTerm] = {head: SoftmaxLoss(head) for head, there in heads.items() if there}
        return {"triplet": TripletLoss("pooled", margin=self.margin)} | softmaxes


CPU: Overrides = {
    "size_hw": (128, 64),
    "system.backbone.kind": "narrow_residual",
    "system.hidden": 64,
    "system.embedding": 512,
    "phases.0.epochs": 15,
    "phases.1.epochs": 60,
    "phases.1.schedule.start": 35,
    "phases.1.schedule.every": 25,
    "phases.*.sampling.identities": 24,
    "phases.*.sampling.instances": 4,
    "phases.*.optimiser.lr": 1e-3,
    "precision": {"bf16": True, "channels_last": True},
}
"""From scratch, half of the paper's epochs, which are short: 8 rows of a narrow trunk's map are the parts."""


def deep_person_cpu() -> DeepPersonRecipe:
    """A narrow trunk on 128 x 64 pixels."""
    return overridden(DeepPersonRecipe(name="deep_person_cpu"), CPU)
