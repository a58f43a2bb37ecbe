"""DSA-reID: the paper's values (Zhang et al., CVPR 2019, section 4.2), the rows of its tables, and a preset for a CPU.

The text does not state the input size (256 x 128), how pictures are cropped at random (padded by 10 pixels and cut to size)
and the smoothing of labels (0.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from sightline.errors import ConfigurationError
from training.config import AugmentConfig, Decay, IdentityBalanced, OneCycle, OptimiserConfig, Phase, Precision
from training.embedding_recipe import EmbeddingRecipe
from training.losses.softmax import SoftmaxLoss
from training.losses.summed import SummedLoss
from training.losses.term import LossTerm
from training.losses.triplet import TripletLoss
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.dsa.guide_stream import GuideConfig
from training.nets.dsa.main_stream import MainConfig
from training.nets.systems.dsa import Dsa, DsaConfig, fused_heads, main_heads
from training.recipe import DataFacts
from training.recipes.paper_rows import Figures, Overrides, PaperRow, by_name

_WEIGHTS = {"main_softmax": 0.5, "fused_softmax": 1.0, "fused_triplet": 1.5}


class DsaRecipe(EmbeddingRecipe):
    """P 16, K 4, Adam 8e-4 with a warm-up of 20 epochs from 8e-6, halved every 40 epochs from then on, 320 epochs.

    Attributes:
        system: what the net is made of, and the variants.
        smoothing: of the labels.
        margin: of the triplets.
    """

    name: str = "dsa"
    size_hw: tuple[int, int] = (256, 128)
    system: DsaConfig = DsaConfig()
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    margin: float = Field(default=0.3, ge=0)
    augment: AugmentConfig = AugmentConfig(pad=10, flip=0.5, erase=0.5)
    phases: tuple[Phase, ...] = (
        Phase(
            name="joint",
            epochs=320,
            weights=_WEIGHTS,
            optimiser=OptimiserConfig(kind="adam", lr=8e-4, weight_decay=5e-4),
            schedule=Decay(factor=0.5, every=40, start=20, warm_up=20, warm_up_from=0.01),
            sampling=IdentityBalanced(identities=16, instances=4),
        ),
    )

    def build(self, facts: DataFacts) -> Dsa:
        if self.system.guide is not None and not facts.part_images:
            raise ConfigurationError(
                "the guiding stream of DSA-reID learns from part images, which need key points: "
                "give a data set with key points, or train the main stream alone with --set system.guide=null"
            )
        return Dsa(self.system, classes=facts.classes)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``main_softmax`` on f_G and each f_L,i; ``fused_softmax`` and ``fused_triplet`` on z_G and z_L, each added up."""
        del facts
        fused = fused_heads(self.system)
        return {
            "main_softmax": SoftmaxLoss(*main_heads(self.system), smoothing=self.smoothing),
            "fused_softmax": SoftmaxLoss(*fused, smoothing=self.smoothing),
            "fused_triplet": SummedLoss(*(TripletLoss(feature, margin=self.margin) for feature in fused)),
        }


def dsa_cpu() -> DsaRecipe:
    """The same on the narrow trunk and small pictures of the baseline's CPU preset, its budget and its optimiser."""
    return DsaRecipe(
        name="dsa_cpu",
        size_hw=(128, 64),
        system=DsaConfig(
            main=MainConfig(
                backbone=NarrowResidualConfig(),
                trunk_end="res3",
                block="basic",
                blocks=1,
                global_features=256,
                local_features=32,
            ),
            guide=GuideConfig(channels=(8, 16, 16, 32), blocks=1),
            classifier_features=256,
        ),
        augment=AugmentConfig(scale=(0.7, 1.0), flip=0.5, channel_gain=0.2, erase=0.5, erase_with="noise"),
        phases=(
            Phase(
                name="joint",
                epochs=50,
                weights=_WEIGHTS,
                optimiser=OptimiserConfig(kind="adamw", lr=2.5e-3, weight_decay=5e-3),
                schedule=OneCycle(),
                sampling=IdentityBalanced(identities=16, instances=4),
            ),
        ),
        precision=Precision(bf16=True, channels_last=True),
        test_flip=True,
    )


CPU: Overrides = {"phases.0.epochs": 12}
"""Laid over a row of :func:`dsa_cpu`, so that the guiding stream, which takes three quarters of the time, fits in."""

GPU: Overrides = {
    "phases.0.epochs": 80,
    "phases.0.schedule": {"kind": "decay", "factor": 0.5, "every": 10, "start": 5, "warm_up": 5, "warm_up_from": 0.01},
    "precision": {"bf16": True, "channels_last": True},
}
"""ResNet-50 at the paper's size, from scratch, a quarter of the epochs."""

_MAIN_ALONE: Overrides = {"system.guide": None}
_GLOBAL_ALONE: Overrides = {**_MAIN_ALONE, "system.branches": "global"}

TABLES_3_TO_5: Mapping[str, PaperRow] = by_name(
    (
        PaperRow(
            "baseline",
            {**_GLOBAL_ALONE, "augment.erase": 0.0, "smoothing": 0.0},
            {"market1501": Figures(91.2, 76.4)},
        ),
        PaperRow("baseline_erasing", {**_GLOBAL_ALONE, "smoothing": 0.0}, {"market1501": Figures(92.3, 78.6)}, "baseline"),
        PaperRow("baseline_smoothing", _GLOBAL_ALONE, {"market1501": Figures(93.4, 81.2)}, "baseline_erasing"),
        PaperRow("two_branches", _MAIN_ALONE, {"market1501": Figures(94.0, 83.4)}, "baseline_smoothing"),
        PaperRow("coarse", {"augment.part_alignment": "coarse"}, {"market1501": Figures(94.1, 84.1)}, baseline="two_branches"),
        PaperRow(
            "dsa",
            {},
            {
                "market1501": Figures(95.7, 87.6),
                "cuhk03_new_labelled": Figures(78.9, 75.2),
                "cuhk03_new_detected": Figures(78.2, 73.1),
                "duke": Figures(86.2, 74.3),
                "cuhk01": Figures(90.4),
            },
            baseline="two_branches",
        ),
        PaperRow("concatenated", {"system.fusion": "concat"}, {"market1501": Figures(93.0, 81.6)}, baseline="dsa"),
        PaperRow(
            "global_branch",
            {"system.branches": "global", "system.match": "fused"},
            {"market1501": Figures(94.8, 84.7)},
            baseline="baseline_smoothing",
        ),
        PaperRow(
            "local_branch",
            {"system.branches": "local", "system.match": "fused"},
            {"market1501": Figures(94.0, 83.2)},
            baseline="baseline_smoothing",
        ),
        PaperRow(
            "global_of_joint",
            {"system.match": "fused", "system.match_branches": "global"},
            {"market1501": Figures(95.6, 87.4)},
            baseline="global_branch",
            weights_of="dsa",
        ),
        PaperRow(
            "local_of_joint",
            {"system.match": "fused", "system.match_branches": "local"},
            {"market1501": Figures(95.2, 86.5)},
            baseline="local_branch",
            weights_of="dsa",
        ),
        PaperRow(
            "fused_at_test",
            {"system.match": "fused"},
            {"market1501": Figures(95.8, 87.5)},
            baseline="dsa",
            weights_of="dsa",
        ),
    )
)
"""Tables 3 (baselines, branches), 4 (coarse against dense) and 5 (fusion) of the paper, and its figures on other data.

The single branches are matched by z, as the joint ones they are compared with.
"""
