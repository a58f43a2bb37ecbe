"""A recipe: everything that decides a training run but the data, as one frozen typed value.

Each file of :mod:`training.recipes` has one paper's, with the paper's values as defaults. Rows of a table are recipes with a
few values overridden.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from training.config import AugmentConfig, Config, Phase, Precision
from training.losses.term import LossTerm
from training.nets.system import System

if TYPE_CHECKING:
    import torch

    from training.data.config import DataConfig
    from training.data.finding import Report
    from training.feed import Opened


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What a system must know of the training set.

    Attributes:
        classes: K, how many identities.
        attributes: attribute -> how many values it has, in the order of ``Targets.attributes``.
        keypoints, part_images: whether the set has them.
    """

    classes: int
    attributes: Mapping[str, int]
    keypoints: bool = False
    part_images: bool = False


class Recipe(Config, ABC):
    """One system, how it is trained and on what kind of input.

    Attributes:
        name: as ``sightline train --recipe`` takes it.
        size_hw: height and width of the net's input, pixels.
        augment: of the training samples.
        phases: one after the other, on the same weights.
        ema: decay per step of the averaged weights that are evaluated and exported; None = the weights themselves.
        clip_norm: greatest norm of the gradient; None = no limit.
        precision: of the arithmetic.
        seed: of weights, sampling and augmentation.
    """

    name: str
    size_hw: tuple[int, int]
    augment: AugmentConfig = AugmentConfig()
    phases: tuple[Phase, ...] = Field(min_length=1)
    ema: float | None = Field(default=None, gt=0, lt=1)
    clip_norm: float | None = Field(default=None, gt=0)
    precision: Precision = Precision()
    seed: int = Field(default=0, ge=0)

    @abstractmethod
    def build(self, facts: DataFacts) -> System:
        """The system, its weights at random by torch's generator.

        Raises:
            ConfigurationError: it needs what the data lack; the message says what.
        """

    @abstractmethod
    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """Every loss term that a phase of this recipe may weigh, by name."""

    @abstractmethod
    def open(self, data: DataConfig, *, device: torch.device, report: Report) -> Opened:
        """The data as this recipe sees them.

        Args:
            data: where they are.
            device: on which the validation computes.
            report: told how far it is.

        Raises:
            ConfigurationError: there are none, or they do not fit the recipe.
            InputError: pictures cannot be read, and are not to be skipped.
        """
