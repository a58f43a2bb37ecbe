"""What each system shows of its inside."""

from __future__ import annotations

import pytest
import torch

from sightline.skeleton import JOINTS
from training.batch import Inputs
from training.nets.system import System
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes import RECIPES

FACTS = DataFacts(classes=2, attributes={"hat": 2}, keypoints=True, part_images=True)
LABELS = {
    "baseline_cpu": ["res1a", "res2a", "res3a", "res4a"],
    "joint_loss_cpu": ["res1a", "res2a", "res3a", "res4a"],
    "deep_person_cpu": ["res1a", "res2a", "res3a", "res4a"],
    "lrdnn_cpu": ["res1a", "res2a", "res3a", "main branch", "pose branch", "fused"],
    "djl_cpu": ["inception_1a", "inception_2a", "inception_3a", "inception_3b"],
    "dsa_cpu": ["trunk", "global", *(f"local: {region}" for region in (
        "torso", "hand", "foot", "upper leg", "lower leg", "upper arm", "lower arm", "head"
    ))],
}  # fmt: skip


def built(name: str, **overrides: object) -> System:
    torch.manual_seed(0)
    return overridden(RECIPES[name], overrides).build(FACTS).eval()


def people(name: str, count: int = 2) -> Inputs:
    generator = torch.Generator().manual_seed(0)
    height, width = RECIPES[name].size_hw
    images = torch.randint(0, 256, (count, 3, height, width), generator=generator, dtype=torch.uint8)
    return Inputs(images, torch.rand((count, len(JOINTS), 3), generator=generator))


@pytest.mark.parametrize("name", LABELS)
@torch.no_grad()
def test_each_system_shows_its_maps_and_describes_people_as_before(name: str) -> None:
    system, inputs = built(name), people(name)
    before = system.embed(inputs)

    found = system.activities(inputs)

    assert [label.replace("_", " ") for label in found] == [label.replace("_", " ") for label in LABELS[name]]
    height, width = RECIPES[name].size_hw
    for activity in found.values():
        rows, columns = activity.shape[1:]
        assert activity.shape[0] == 2
        assert (activity >= 0).all()
        assert not torch.equal(activity[0], activity[1])
        assert height / width * 0.7 < rows / columns < height / width * 1.4, "a map over the whole picture"
    torch.testing.assert_close(system.embed(inputs), before)


@pytest.mark.parametrize(("name", "windows"), [("djl_cpu", 10), ("joint_loss_cpu", 3), ("baseline_cpu", 0), ("dsa_cpu", 0)])
def test_where_a_system_looks_apart(name: str, windows: int) -> None:
    found = built(name).windows(people(name))
    assert (0 if found is None else found.visible.shape[1]) == windows


def test_windows_are_shown_where_the_embedding_sees_them() -> None:
    assert built("djl_cpu", **{"system.feature": "global"}).windows(people("djl_cpu")) is None
    assert built("joint_loss_cpu", **{"system.regions": "none"}).windows(people("joint_loss_cpu")) is None


@torch.no_grad()
def test_lrdnn_shows_no_fusion_that_is_not_matched() -> None:
    inputs = people("lrdnn_cpu")
    by_pool5 = built("lrdnn_cpu", **{"system.retrieval": "pool5"})
    waiting = built("lrdnn_cpu")
    waiting.fusion_waits.fill_(1)
    for system in (by_pool5, waiting):
        assert list(system.activities(inputs)) == ["res1a", "res2a", "res3a", "res4a"]
