"""The papers' recipes, one a file, with the papers' values as defaults."""

from __future__ import annotations

from training.recipe import Recipe
from training.recipes.baseline import BaselineRecipe, baseline_cpu

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        BaselineRecipe(),
        baseline_cpu(),
    )
}
"""What ``sightline train --recipe`` takes."""
