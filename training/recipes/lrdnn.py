"""LRDNN: the paper's values (section 4.2), and a preset for a CPU. Its tables: :mod:`training.recipes.lrdnn_rows`.

The text does not state, and this settles:

- *input*: 256 x 128 pixels, mirrored at random.
- *batch*: 64 pictures, shuffled.
- *pose branch*: frozen while the fusion learns, so its maps stay what they are called. ``phases.2.frozen=["heads"]`` lets it
  learn on.
- *pose pre-training*: the paper's pose net learnt COCO beforehand. Ours learns the key points of the training pictures during
  the first phase: it shares no weight with the main branch, and Adam treats each weight by itself, so neither
  notices the other. From ImageNet: ``system.pose.vgg_checkpoint``, ``system.backbone.checkpoint``.
- *rate*: each phase begins at 1e-4 again.
- what :class:`~training.nets.lrdnn.branches.LrdnnConfig` and :mod:`training.nets.lrdnn.pose_fusion` name.

Results use k-reciprocal re-ranking, and an mAP of the greatest precision at each recall.
"""

from __future__ import annotations

from collections.abc import Mapping

from sightline.errors import ConfigurationError
from training.config import AugmentConfig, Decay, OptimiserConfig, Phase, Shuffled
from training.embedding_recipe import EmbeddingRecipe
from training.losses.attributes import AttributeLoss
from training.losses.maps import MapLoss
from training.losses.softmax import SoftmaxLoss
from training.losses.term import LossTerm
from training.nets.lrdnn.branches import LrdnnConfig
from training.nets.systems.lrdnn import Lrdnn, MainBranch
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.paper_rows import Overrides

_IDENTITY = {"identity": 1.0}
_BOTH = {"identity": 1.0, "attributes": 1.0}
_MAPS = {"confidence": 1.0, "affinity": 1.0}


_PHASES = (
    Phase(
        name="identity",
        epochs=100,
        weights=_IDENTITY | _MAPS,
        optimiser=OptimiserConfig(kind="adam", lr=1e-4),
        schedule=Decay(factor=0.96),
        sampling=Shuffled(batch_size=64),
        frozen=("heads.attributes", "branches.fusion", "fused_heads"),
    ),
    Phase(
        name="attributes",
        epochs=60,
        weights=_BOTH,
        optimiser=OptimiserConfig(kind="adam", lr=1e-4),
        schedule=Decay(factor=0.96),
        sampling=Shuffled(batch_size=64),
        frozen=("branches.pose", "branches.fusion", "fused_heads"),
    ),
    Phase(
        name="fusion",
        epochs=100,
        weights=_BOTH,
        optimiser=OptimiserConfig(kind="adam", lr=1e-4),
        schedule=Decay(factor=0.96),
        sampling=Shuffled(batch_size=64),
        frozen=("branches.pose", "heads"),
    ),
)


class LrdnnRecipe(EmbeddingRecipe):
    """Identity 100 epochs, attributes 60, fusion 100; Adam 1e-4, times 0.96 an epoch (section 4.2).

    Attributes:
        system: which row, and what the net is made of.
    """

    name: str = "lrdnn"
    size_hw: tuple[int, int] = (256, 128)
    system: LrdnnConfig = LrdnnConfig()
    augment: AugmentConfig = AugmentConfig(flip=0.5)
    phases: tuple[Phase, ...] = _PHASES

    def build(self, facts: DataFacts) -> Lrdnn | MainBranch:
        if self.system.attributes and not facts.attributes:
            raise ConfigurationError(
                "LRDNN learns attributes, and the data set has none: put attributes.csv beside it, or train row `b`, "
                "identity alone"
            )
        attributes = facts.attributes if self.system.attributes else {}
        if not self.system.streams:
            return MainBranch(self.system, classes=facts.classes, attributes=attributes)
        learns_maps = any(name in phase.weights for phase in self.phases for name in _MAPS)
        if not facts.keypoints and (learns_maps or self.system.maps_from == "keypoints"):
            raise ConfigurationError(
                "LRDNN's pose branch needs key points, and the data set has none: put keypoints.npz beside it, or train row "
                "`b_a`, the main branch alone"
            )
        return Lrdnn(self.system, classes=facts.classes, attributes=attributes, learns_maps=learns_maps)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``identity`` and ``attributes``: equation 8; ``confidence`` and ``affinity``: equations 3 and 4."""
        terms: dict[str, LossTerm] = {"identity": SoftmaxLoss("identity")}
        if self.system.attributes:
            terms["attributes"] = AttributeLoss(tuple(facts.attributes))
        if self.system.streams and self.system.maps_from == "pose_net":
            terms["confidence"] = MapLoss(self.system.maps, "confidence")
            terms["affinity"] = MapLoss(self.system.maps, "affinity")
        return terms


CPU: Overrides = {
    "size_hw": (128, 64),
    "system.backbone.kind": "narrow_residual",
    "system.pose.width": 0.125,
    "system.pose.batch_norm": True,
    "system.fusion.sketch_width": 512,
    "phases.0.epochs": 8,
    "phases.1.epochs": 5,
    "phases.2.epochs": 8,
    "phases.*.schedule.every": 0.08,
    "phases.*.optimiser.lr": 1e-3,
    "precision": {"bf16": True, "channels_last": True},
}
"""From scratch: a twelfth of the epochs, ten times the rate, which falls as far."""


def lrdnn_cpu() -> LrdnnRecipe:
    """A narrow trunk and a narrow pose net on 128 x 64 pixels."""
    return overridden(LrdnnRecipe(name="lrdnn_cpu"), CPU)
