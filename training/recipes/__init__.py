"""The papers' recipes, one a file, with the papers' values as defaults."""

from __future__ import annotations

from training.recipe import Recipe
from training.recipes.baseline import BaselineRecipe, baseline_cpu
from training.recipes.deep_person import DeepPersonRecipe, deep_person_cpu
from training.recipes.djl import DjlRecipe, djl_cpu
from training.recipes.dsa import DsaRecipe, dsa_cpu
from training.recipes.joint_loss import JointLossRecipe, joint_loss_cpu
from training.recipes.lrdnn import LrdnnRecipe, lrdnn_cpu

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        BaselineRecipe(),
        DjlRecipe(),
        LrdnnRecipe(),
        DsaRecipe(),
        DeepPersonRecipe(),
        JointLossRecipe(),
        baseline_cpu(),
        djl_cpu(),
        lrdnn_cpu(),
        dsa_cpu(),
        deep_person_cpu(),
        joint_loss_cpu(),
    )
}
"""What ``sightline train --recipe`` takes."""
