"""A tiny system, recipe and training set: enough for the loop, and nothing that takes time."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sightline.types import Int64Array
from training.batch import Batch, Inputs, Targets
from training.config import Config, Decay, IdentityBalanced, OptimiserConfig, Phase, Shuffled
from training.embedding_recipe import EmbeddingRecipe
from training.losses.term import LossTerm
from training.nets.normalise import Normalise
from training.nets.system import EmbeddingSystem, Outputs
from training.recipe import DataFacts


class TinyNetConfig(Config):
    """How the tiny net is built: without dropout and batch normalisation, workers together do what one alone does."""

    width: int = 8
    dropout: float = 0.2
    batch_norm: bool = True


class TinySystem(EmbeddingSystem):
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


class TinyRecipe(EmbeddingRecipe):
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

    def build(self, facts: DataFacts) -> TinySystem:
        return TinySystem(self.system, facts.classes)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        return {"softmax": softmax, "colour": colour, "spread": spread}


@dataclass(frozen=True)
class TinyData:
    """Pictures of a colour for each identity, with noise that is drawn by seed, epoch and sample."""

    people: int = 6
    pictures_each: int = 5

    @property
    def facts(self) -> DataFacts:
        return DataFacts(self.people, {"colour": 3})

    @property
    def classes(self) -> Int64Array:
        return np.repeat(np.arange(self.people), self.pictures_each)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.classes.tobytes()).hexdigest()

    def batches(self, indices: Iterator[Int64Array], *, seed: int, epoch: int) -> Generator[Batch, None, None]:
        for chosen in indices:
            yield self.batch(chosen, seed=seed, epoch=epoch)

    def batch(self, indices: Int64Array, *, seed: int, epoch: int) -> Batch:
        classes = torch.from_numpy(self.classes[indices])
        images = torch.stack([self._image(int(index), seed, epoch) for index in indices])
        targets = Targets(classes, classes % 2 + 1, (classes % 3)[:, None])
        return Batch(Inputs(images), targets, torch.from_numpy(indices))

    def _image(self, index: int, seed: int, epoch: int) -> Tensor:
        rng = np.random.default_rng((seed, epoch, index))
        colour = np.random.default_rng(self.classes[index]).integers(40, 216, (3, 1, 1))
        noise = rng.integers(-40, 40, (3, 16, 8))
        return torch.from_numpy((colour + noise).astype(np.uint8))
