"""DSA-reID: densely semantically aligned person re-identification (Zhang et al., CVPR 2019).

A main stream sees the picture, a guiding stream the 24 part images; in training their features are fused and both learn, at
inference the main stream stands alone. What the text leaves open: each identity classifier is FC, batch normalisation, ReLU,
FC; z_L has one classifier for all eight parts; without the guide (the baselines) z is f and the losses stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator
from torch import Tensor, nn

from sightline.body_model.parts import FRONT_BACK
from training.batch import Inputs
from training.config import Config
from training.nets.dsa.branches import Branches, listed
from training.nets.dsa.fusion import Fusion, build_fusion
from training.nets.dsa.guide_stream import REGIONS, GuideConfig, GuideStream
from training.nets.dsa.main_stream import MainConfig, build_main_stream
from training.nets.dsa.two_streams import FusedDescriber, MainDescriber, TwoStreams
from training.nets.embedding_net import EmbeddingNet
from training.nets.heads.classifier import Classifier
from training.nets.heads.fully_connected import fully_connected
from training.nets.pooled_trunk import activity
from training.nets.system import EmbeddingSystem, Outputs


class DsaConfig(Config):
    """What DSA-reID is made of, and its variants.

    Attributes:
        main: the MF-Stream.
        guide: the DSAG-Stream; None = the main stream alone (the baselines).
        branches: which branches both streams have.
        fusion: of the two streams' features.
        classifier_features: of the first FC layer of each identity classifier.
        match: the feature that is compared at test: f of the main stream, or z of both.
        match_branches: of which branches; None = of all that there are.
    """

    main: MainConfig = MainConfig()
    guide: GuideConfig | None = GuideConfig()
    branches: Branches = "both"
    fusion: Fusion = "add"
    classifier_features: int = Field(default=512, ge=1)
    match: Literal["main", "fused"] = "main"
    match_branches: Branches | None = None

    @model_validator(mode="after")
    def _matched_branches_are_there(self) -> DsaConfig:
        if self.match_branches is not None and not set(listed(self.match_branches)) <= set(listed(self.branches)):
            raise ValueError(f"match_branches: {self.match_branches!r} asked for, but the branches are {self.branches!r}")
        return self


def main_heads(config: DsaConfig) -> tuple[str, ...]:
    """The logits over f: ``global``, and ``part_torso`` … ``part_head`` of each f_L,i."""
    heads = {"global": ("global",), "local": tuple(f"part_{region}" for region in FRONT_BACK)}
    return tuple(head for branch in listed(config.branches) for head in heads[branch])


def fused_heads(config: DsaConfig) -> tuple[str, ...]:
    """The logits over z, which are the features of the same names: ``fused_global``, ``fused_local``."""
    return tuple(f"fused_{branch}" for branch in listed(config.branches))


class Dsa(EmbeddingSystem):
    """Logits :func:`main_heads` and :func:`fused_heads`; features ``global`` (f_G), ``local`` (f_L), and those of z.

    Args:
        classes: K identities.
    """

    def __init__(self, config: DsaConfig, *, classes: int) -> None:
        super().__init__()
        branches = listed(config.branches)
        features = {"global": config.main.global_features, "local": REGIONS * config.main.local_features}
        self._matched = listed(config.match_branches or config.branches)
        self._fused = config.match == "fused" and config.guide is not None
        self.embedding_dim = sum(features[branch] for branch in self._matched)
        self.training_needs = frozenset({"part_images"}) if config.guide else frozenset()
        self.embedding_needs = frozenset({"part_images"}) if self._fused else frozenset()
        self.streams = _streams(config, features)
        sizes = dict.fromkeys(main_heads(config), config.main.local_features)
        sizes |= {"global": features["global"]} if "global" in branches else {}
        sizes |= {f"fused_{branch}": features[branch] for branch in branches}
        self.classifiers = nn.ModuleDict(
            {head: _classifier(size, config.classifier_features, classes) for head, size in sizes.items()}
        )

    def forward(self, inputs: Inputs) -> Outputs:
        found = self.streams(inputs.images, inputs.part_images)
        features = {**found.main, **{f"fused_{branch}": value for branch, value in found.fused.items()}}
        classified = dict(features)
        if "local" in classified:
            parts = classified.pop("local").chunk(REGIONS, dim=1)
            classified |= {f"part_{region}": part for region, part in zip(FRONT_BACK, parts, strict=True)}
        return Outputs(logits={head: self.classifiers[head](value) for head, value in classified.items()}, features=features)

    def describe(self, inputs: Inputs) -> Tensor:
        """f_G ++ f_L, or what the config says."""
        extra = (inputs.part_images,) if self._fused else ()
        described: Tensor = self._describer()(inputs.images, *extra)
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """Of the main stream: the map that its branches share, and the map of the global branch."""
        main = self.streams.main
        return {"trunk": main.trunk} | ({"global": main.maps_of("global")} if "global" in self._matched else {})

    def activities(self, inputs: Inputs) -> dict[str, Tensor]:
        """Those, and what the local branch sees of each of the eight regions."""
        found = super().activities(inputs)
        if "local" not in self._matched:
            return found
        local = self.streams.main.maps_of("local")(self.streams.main.trunk(inputs.images))
        parts = zip(FRONT_BACK, local.chunk(REGIONS, dim=1), strict=True)
        return found | {f"local: {region}": activity(part) for region, part in parts}

    def inference_net(self) -> EmbeddingNet:
        """The main stream alone, unless the fused feature is asked for."""
        return EmbeddingNet(self._describer())

    def _describer(self) -> nn.Module:
        """Made anew from the same modules: as a child it would stand in the state dict a second time."""
        if self._fused:
            return FusedDescriber(self.streams, self._matched)
        return MainDescriber(self.streams.main, self._matched)


def _streams(config: DsaConfig, features: dict[str, int]) -> TwoStreams:
    branches = listed(config.branches)
    main = build_main_stream(config.main, branches)
    if config.guide is None:
        return TwoStreams(main, None, nn.ModuleDict())
    guide = GuideStream(
        config.guide,
        branches,
        global_features=config.main.global_features,
        local_features=config.main.local_features,
    )
    return TwoStreams(main, guide, nn.ModuleDict({b: build_fusion(config.fusion, features[b]) for b in branches}))


def _classifier(features: int, hidden: int, classes: int) -> nn.Sequential:
    """Two fully connected layers: (N, features) -> (N, classes)."""
    return nn.Sequential(fully_connected(features, hidden), Classifier(hidden, classes))
