"""What a recipe's system sees of the data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from training.data.opening import NetInput
from training.data.part_images import part_images
from training.nets.system import EmbeddingSystem

if TYPE_CHECKING:
    from training.embedding_recipe import EmbeddingRecipe


def net_input(recipe: EmbeddingRecipe, system: EmbeddingSystem) -> NetInput:
    """How samples are made for a system that this recipe built: pictures of its size, and part images where it needs them."""
    make = partial(part_images, alignment=recipe.augment.part_alignment)
    return NetInput(
        recipe.size_hw,
        recipe.augment,
        part_images=make if "part_images" in system.training_needs else None,
        test_part_images=make if "part_images" in system.embedding_needs else None,
        stages=recipe.stages(),
    )
