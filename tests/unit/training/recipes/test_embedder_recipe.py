"""How the embedder's samples change in the course of a run, and what its triplets compare."""

import pytest
import torch

from sightline.errors import ConfigurationError
from training.batch import Targets
from training.config import AugmentConfig
from training.nets.system import Outputs
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.embedder import EmbedderRecipe

SMALL, LARGE = (96, 48), (128, 64)
ERASING = AugmentConfig(erase=0.5)


def test_pictures_grow_and_are_left_whole_at_the_end() -> None:
    recipe = EmbedderRecipe(growing=((0, SMALL), (5, LARGE)), whole_from=7, augment=ERASING)
    stages = [(stage.epoch, stage.size_hw, stage.augment.erase) for stage in recipe.stages()]
    assert stages == [(0, SMALL, 0.5), (5, LARGE, 0.5), (7, LARGE, 0.0)]
    assert {stage.augment.flip for stage in recipe.stages()} == {0.5}


def test_they_are_left_whole_at_any_size() -> None:
    recipe = EmbedderRecipe(growing=((0, SMALL), (5, LARGE)), whole_from=3, augment=ERASING)
    assert [(stage.size_hw, stage.augment.erase) for stage in recipe.stages()] == [(SMALL, 0.5), (SMALL, 0.0), (LARGE, 0.0)]
    alone = EmbedderRecipe(growing=(), whole_from=3)
    assert [(stage.epoch, stage.size_hw, stage.augment.erase) for stage in alone.stages()] == [(3, LARGE, 0.0)]


def test_without_either_nothing_changes() -> None:
    assert EmbedderRecipe(growing=()).stages() == ()
    with pytest.raises(ConfigurationError, match="whole_from"):
        overridden(EmbedderRecipe(), {"whole_from": 0})


def test_the_length_of_a_feature_does_not_matter_to_the_triplets() -> None:
    triplet = EmbedderRecipe().terms(DataFacts(classes=2, attributes={}))["triplet"]
    features = torch.randn(8, 16, generator=torch.Generator().manual_seed(0))
    targets = Targets(torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]), torch.zeros(8), torch.zeros(8, 0))
    losses = [float(triplet(Outputs(features={"joined": length * features}), targets)) for length in (0.01, 1.0, 100.0)]
    assert losses[0] > 0.3
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-4)
