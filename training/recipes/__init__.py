"""Recipes, a family a file: the papers' with the papers' values as defaults, and those of the nets of perception."""

from __future__ import annotations

from training.recipe import Recipe
from training.recipes.baseline import BaselineRecipe, baseline_cpu
from training.recipes.deep_person import DeepPersonRecipe, deep_person_cpu
from training.recipes.densepose import DenseposeRecipe
from training.recipes.djl import DjlRecipe, djl_cpu
from training.recipes.dsa import DsaRecipe, dsa_cpu
from training.recipes.embedder import EmbedderRecipe
from training.recipes.joint_loss import JointLossRecipe, joint_loss_cpu
from training.recipes.keypoints import KeypointsRecipe
from training.recipes.lrdnn import LrdnnRecipe, lrdnn_cpu
from training.recipes.map_pose import CpmRecipe, OpenPoseRecipe, cpm_cpu, openpose_cpu
from training.recipes.person_detector import PersonDetectorRecipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        BaselineRecipe(),
        DjlRecipe(),
        LrdnnRecipe(),
        DsaRecipe(),
        DeepPersonRecipe(),
        JointLossRecipe(),
        EmbedderRecipe(),
        KeypointsRecipe(),
        CpmRecipe(),
        OpenPoseRecipe(),
        baseline_cpu(),
        djl_cpu(),
        lrdnn_cpu(),
        dsa_cpu(),
        deep_person_cpu(),
        joint_loss_cpu(),
        cpm_cpu(),
        openpose_cpu(),
        PersonDetectorRecipe(),
        DenseposeRecipe(),
    )
}
"""What ``sightline train --recipe`` takes."""
