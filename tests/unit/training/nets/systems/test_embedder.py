"""The embedder that is shipped: small, with attributes, well without a pose."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from sightline.attributes import ATTRIBUTES, MISSING
from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from training.augment.hide_pose import HidePose
from training.augment.view import View
from training.batch import Inputs, Targets
from training.export.exporting import export
from training.export.gate_data import Crops, GateData
from training.objective import joint_loss
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.embedder import EmbedderRecipe
from training.trained import Trained

FACTS = DataFacts(classes=6, attributes={name: len(values) for name, values in ATTRIBUTES.items()}, keypoints=True)
COLUMNS = sum(len(values) for values in ATTRIBUTES.values())


def people(count: int) -> Inputs:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, 128, 64), generator=generator, dtype=torch.uint8)
    return Inputs(images, torch.rand((count, len(JOINTS), 3), generator=generator))


def test_it_is_small_and_every_part_of_it_learns() -> None:
    recipe = EmbedderRecipe()
    system = recipe.build(FACTS)
    assert sum(each.numel() for each in system.inference_net().parameters()) <= 3_000_000
    labels = torch.tensor([[0] * len(ATTRIBUTES), [MISSING] * len(ATTRIBUTES)] * 2)
    targets = Targets(torch.tensor([0, 1, 0, 1]), torch.ones(4, dtype=torch.int64), labels)
    total, terms = joint_loss(recipe.terms(FACTS), recipe.phases[-1])(system(people(4)), targets)
    total.backward()
    assert set(terms) == {"softmax", "triplet", "attributes"}
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in system.parameters())


def test_without_a_pose_its_parts_are_stripes() -> None:
    system = EmbedderRecipe().build(FACTS).eval()
    inputs = people(2)
    nobody = Inputs(inputs.images, torch.zeros_like(inputs.keypoints))
    windows = system.windows(nobody)
    assert windows is not None
    assert windows.xyxy[0, :, 0].tolist() == [0, 0, 0]
    assert windows.xyxy[0, :, 2].tolist() == [1, 1, 1]
    assert not torch.equal(system.embed(nobody), system.embed(inputs))


def test_exported_it_names_attributes_and_agrees() -> None:
    torch.manual_seed(0)
    recipe = EmbedderRecipe()
    trained = Trained(recipe.build(FACTS).eval(), recipe, FACTS, "d" * 64, 1, {}, {})
    rng = np.random.default_rng(0)
    crops = Crops(rng.integers(0, 256, (3, 128, 64, 3), dtype=np.uint8), rng.random((3, 19, 3)).astype(np.float32))
    exported = export(trained, name="reid_x", data=GateData(crops), flip=True)
    assert [finding.passed for finding in exported.findings] == [True, True]
    assert exported.spec.output("attributes").shape == (-1, COLUMNS)
    assert exported.spec.attributes[:4] == ("gender:male", "gender:female", "hair:short", "hair:long")
    assert len(exported.spec.attributes) == COLUMNS
    assert [each.name for each in onnx.load_from_string(exported.onnx).graph.output] == ["embedding", "attributes"]


def test_a_branch_that_does_not_fit_the_trunk_is_refused() -> None:
    recipe = overridden(EmbedderRecipe(), {"system.head.backbone.channels": [8, 16, 16, 16]})
    with pytest.raises(ConfigurationError, match="16 channels at res2a, where it is tapped: expected 64"):
        recipe.build(FACTS)


def test_poses_are_hidden_as_often_as_asked() -> None:
    view = View(np.zeros((4, 2, 3), np.uint8), np.ones((len(JOINTS), 3), np.float32))
    hidden = [HidePose(0.3)(view, np.random.default_rng(seed)).keypoints for seed in range(200)]
    counts = [0 if each is None else int(each.any()) for each in hidden]
    assert set(counts) == {0, 1}
    assert 40 <= counts.count(0) <= 80
    assert HidePose(1.0)(View(view.image), np.random.default_rng(0)).keypoints is None
