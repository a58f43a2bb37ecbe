"""How the embedder's samples change in the course of a run."""

import pytest

from sightline.errors import ConfigurationError
from training.overrides import overridden
from training.recipes.embedder import EmbedderRecipe

SMALL, LARGE = (96, 48), (128, 64)


def test_pictures_grow_and_are_left_whole_at_the_end() -> None:
    recipe = EmbedderRecipe(growing=((0, SMALL), (5, LARGE)), whole_from=7)
    stages = [(stage.epoch, stage.size_hw, stage.augment.erase) for stage in recipe.stages()]
    assert stages == [(0, SMALL, 0.5), (5, LARGE, 0.5), (7, LARGE, 0.0)]
    assert {stage.augment.flip for stage in recipe.stages()} == {0.5}


def test_they_are_left_whole_at_any_size() -> None:
    recipe = EmbedderRecipe(growing=((0, SMALL), (5, LARGE)), whole_from=3)
    assert [(stage.size_hw, stage.augment.erase) for stage in recipe.stages()] == [(SMALL, 0.5), (SMALL, 0.0), (LARGE, 0.0)]
    alone = EmbedderRecipe(growing=(), whole_from=3)
    assert [(stage.epoch, stage.size_hw, stage.augment.erase) for stage in alone.stages()] == [(3, LARGE, 0.0)]


def test_without_either_nothing_changes() -> None:
    assert EmbedderRecipe(growing=()).stages() == ()
    with pytest.raises(ConfigurationError, match="whole_from"):
        overridden(EmbedderRecipe(), {"whole_from": 0})
