"""Recipes of re-identification systems, and how they see their data."""

from __future__ import annotations

import logging
from abc import abstractmethod
from dataclasses import replace

import torch
from pydantic import Field, field_validator

from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.evaluation_set import EvaluationSet
from training.data.finding import Report, silent
from training.data.opening import OpenedData, SampleStage, open_training_data
from training.feed import Opened
from training.net_input import net_input
from training.nets.system import EmbeddingSystem
from training.ranking_validation import RankingValidation
from training.recipe import DataFacts, Recipe

logger = logging.getLogger(__name__)


class EmbeddingRecipe(Recipe):
    """A recipe whose system describes people.

    Attributes:
        growing: (from this epoch of the run, height and width of the training pictures) in order: most of a training on small
            pictures costs a fraction, and its end on large ones makes the net good at them. Empty = ``size_hw`` throughout.
        whole_from: from this epoch of the run on no part of a picture is erased, as at test; None = as ``augment`` says.
        test_flip: the embedding at test is the sum of the picture's and its mirror image's, at length 1.
    """

    growing: tuple[tuple[int, tuple[int, int]], ...] = ()
    whole_from: int | None = Field(default=None, ge=1)
    test_flip: bool = False

    @field_validator("growing")
    @classmethod
    def _in_order(cls, growing: tuple[tuple[int, tuple[int, int]], ...]) -> tuple[tuple[int, tuple[int, int]], ...]:
        epochs = [epoch for epoch, _ in growing]
        if epochs and (epochs[0] != 0 or epochs != sorted(set(epochs))):
            raise ValueError(f"growing: expected epochs that rise from 0, got {epochs}")
        return growing

    def stages(self) -> tuple[SampleStage, ...]:
        """How training samples are made, epoch by epoch; empty = as ``augment`` and ``size_hw`` say throughout."""
        starts = {epoch for epoch, _ in self.growing}
        if self.whole_from is not None:
            starts.add(self.whole_from)
        return tuple(SampleStage(start, self._size_at(start), self._augment_at(start)) for start in sorted(starts))

    def _size_at(self, epoch: int) -> tuple[int, int]:
        return next((size_hw for start, size_hw in reversed(self.growing) if start <= epoch), self.size_hw)

    def _augment_at(self, epoch: int) -> AugmentConfig:
        whole = self.whole_from is not None and epoch >= self.whole_from
        return self.augment.model_copy(update={"erase": 0.0}) if whole else self.augment

    @abstractmethod
    def build(self, facts: DataFacts) -> EmbeddingSystem:
        """See :meth:`training.recipe.Recipe.build`."""

    def open(self, data: DataConfig, *, device: torch.device, report: Report = silent) -> Opened:
        """People to learn from, queries and a gallery. See :meth:`training.recipe.Recipe.open`."""
        opened = open_data(self, data, report=report)
        return Opened(opened.training, self._validation(opened.evaluation, device))

    def _validation(self, data: EvaluationSet, device: torch.device) -> RankingValidation | None:
        if not len(data.query) or not len(data.gallery):
            logger.warning("%s has no queries or no gallery: nothing is validated", data.name)
            return None
        return RankingValidation(data.query, data.gallery, flip=self.test_flip, precision=self.precision, device=device)


def open_data(
    recipe: EmbeddingRecipe,
    config: DataConfig,
    *,
    learning: bool = True,
    test_disturbance: float = 0.0,
    report: Report = silent,
) -> OpenedData:
    """The data as this recipe sees them. Part images, which take time, are made where its system needs them.

    Args:
        recipe: says how samples are made.
        config: where the data are.
        learning: False = only queries and gallery are of interest: training samples are without part images.
        test_disturbance: queries' and gallery's key points are shifted by up to this part of the picture.
        report: told how far it is.

    Raises:
        ConfigurationError, InputError: see :func:`training.data.opening.open_training_data`.
    """
    system = recipe.build(DataFacts(classes=2, attributes={"any": 2}, keypoints=True, part_images=True))
    net = replace(net_input(recipe, system), test_disturbance=test_disturbance)
    if not learning:
        net = replace(net, part_images=None)
    return open_training_data(config, net, report=report)
