"""What is exported does what test time does: the same crop, the same embedding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sightline.skeleton import JOINTS
from sightline.types import Float32Array, UInt8Array
from training.augment.pipeline import at_test
from training.augment.view import View
from training.data.batching import as_inputs
from training.embedding import embed
from training.export.served_net import ServedNet, crop_hw
from training.recipe import DataFacts, Recipe
from training.tables.papers import PAPERS

FACTS = DataFacts(classes=5, attributes={"hat": 2, "colour": 9}, keypoints=True, part_images=True)


def crops(count: int, size_hw: tuple[int, int]) -> tuple[UInt8Array, Float32Array]:
    """Noise, and joints of which some are unseen and some stand at the very edge."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (count, *size_hw, 3), dtype=np.uint8)
    keypoints = rng.random((count, len(JOINTS), 3)).astype(np.float32)
    keypoints[..., 2] = keypoints[..., 2] > 0.25
    keypoints[:, 0] = (0, 0, 1)
    return images, keypoints * (keypoints[..., 2:] > 0)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("paper", "row"), [("djl", "djl_hfa"), ("joint_loss", "whole"), ("deep_person", "all"), ("dsa", "dsa")]
)
def test_it_embeds_as_the_evaluation_does(paper: str, row: str, flip: bool) -> None:
    recipe: Recipe = PAPERS[paper].recipe(row, scale="cpu", seed=0)
    torch.manual_seed(0)
    system = recipe.build(FACTS).eval()
    images, keypoints = crops(3, crop_hw(recipe))
    net = ServedNet(system, recipe, flip=flip).eval()
    height, width = crop_hw(recipe)
    views = [
        at_test(View(image, joints * np.array([width, height, 1], np.float32)), recipe.augment, recipe.size_hw)
        for image, joints in zip(images, keypoints, strict=True)
    ]
    with torch.no_grad():
        wanted = embed(system, as_inputs(views), flip=flip)
        got = net(torch.from_numpy(images), *([torch.from_numpy(keypoints)] if net.takes_keypoints else []))
    assert net.takes_keypoints == (paper in ("djl", "joint_loss"))
    assert torch.allclose(got, wanted, atol=2e-6)
    assert not torch.allclose(got[0], got[1], atol=1e-3)


def test_joints_outside_the_middle_are_unseen() -> None:
    recipe = PAPERS["djl"].recipe("djl_hfa", scale="cpu", seed=0)
    net = ServedNet(recipe.build(FACTS).eval(), recipe, flip=False)
    joints = torch.zeros(1, len(JOINTS), 3)
    joints[0, 0] = torch.tensor([0.5, 0.5, 0.7])  # the middle stays the middle
    joints[0, 1] = torch.tensor([0.01, 0.5, 1.0])  # 160 x 64 cut to 144 x 56: 4 pixels are lost on each side
    joints[0, 2] = torch.tensor([4 / 64, 8 / 160, 1.0])  # the very corner of the middle
    moved = net._moved(joints)[0]
    torch.testing.assert_close(moved[0], torch.tensor([0.5, 0.5, 0.7]))
    assert moved[1].tolist() == [0, 0, 0]
    torch.testing.assert_close(moved[2], torch.tensor([0.0, 0.0, 1.0]))
    assert not moved[3:].any()
