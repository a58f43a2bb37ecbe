"""A tiny system, recipe and training set: enough for the loop, and nothing that takes time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sightline.types import Int64Array
from training.batch import Batch, Inputs, Targets
from training.config import Config, Decay, IdentityBalanced, OptimiserConfig, Phase, Shuffled
from training.losses.term import LossTerm
from training.nets.normalise import Normalise
from training.nets.system import Outputs, System
from training.recipe import DataFacts, Recipe


class TinyNetConfig(Config):
    """How the tiny net is built: without dropout and batch normalisation, workers together do what one alone does."""

    width: int = 8
    dropout: float = 0.2
    batch_norm: bool = True


class TinySystem(System):
    """A convolution, a mean, two heads."""

    def __init__(self, config: TinyNetConfig, classes: int) -> None:
        super().__init__()
        self.normalise = Normalise()
        norm = nn.BatchNorm2d(config.width) if config.batch_norm else nn.Identity()
        self.trunk = nn.Sequential(nn.Conv2d(3, config.width, 3, stride=2), norm, nn.ReLU(), nn.Dropout(config.dropout))
        self.identity_head = nn.Linear(config.width, classes)
        self.colour_head = nn.Linear(config.width, 3)
        self.embedding_dim = config.width

    def forward(self, inputs: Inputs) -> Outputs:
        feature = self.describe(inputs)
        logits = {"global": self.identity_head(feature), "attribute/colour": self.colour_head(feature)}
        return Outputs(logits, {"pooled": feature})

    def describe(self, inputs: Inputs) -> Tensor:
        pooled: Tensor = self.trunk(self.normalise(inputs.images)).mean(dim=(2, 3))
        return pooled


def softmax(outputs: Outputs, targets: Targets) -> Tensor:
    return functional.cross_entropy(outputs.logits["global"], targets.classes)


def colour(outputs: Outputs, targets: Targets) -> Tensor:
    return functional.cross_entropy(outputs.logits["attribute/colour"], targets.attributes[:, 0])


def spread(outputs: Outputs, targets: Targets) -> Tensor:
    """Something of the features."""
    return outputs.features["pooled"].square().mean()


class TinyRecipe(Recipe):
    """Two phases: identities alone, then all losses with the trunk frozen in part."""

    name: str = "tiny"
    size_hw: tuple[int, int] = (16, 8)
    system: TinyNetConfig = TinyNetConfig()
    phases: tuple[Phase, ...] = (
        Phase(
            name="identity",
            epochs=2,
            weights={"softmax": 1.0},
            optimiser=OptimiserConfig(kind="sgd", lr=0.05, lr_factors={"trunk": 0.5}),
            schedule=Decay(factor=0.5, warm_up=1.0),
            sampling=Shuffled(batch_size=8),
        ),
        Phase(
            name="all",
            epochs=2,
            weights={"softmax": 1.0, "colour": 0.5, "spread": 0.1},
            optimiser=OptimiserConfig(kind="adam", lr=0.01, weight_decay=1e-3),
            sampling=IdentityBalanced(identities=4, instances=2),
            frozen=("trunk.0",),
        ),
    )
    ema: float | None = 0.9
    clip_norm: float | None = 1.0

    def build(self, facts: DataFacts) -> System:
        return TinySystem(self.system, facts.classes)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        return {"softmax": softmax, "colour": colour, "spread": spread}
