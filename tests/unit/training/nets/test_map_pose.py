"""CPM and OpenPose by themselves: their shapes, what is read off their maps, and that they learn."""

from __future__ import annotations

import pytest
import torch

from sightline.skeleton import JOINTS, indices
from training.batch import Inputs, Targets
from training.nets.cpm.pose_machine import PoseMachine, PoseMachineConfig
from training.nets.openpose.drawing import draw_maps
from training.nets.openpose.map_spec import PAPER_MAPS, MapSpec
from training.nets.openpose.reading import single_person
from training.nets.systems.map_pose import Cpm, OpenPose
from training.recipe import DataFacts
from training.recipes.map_pose import CpmRecipe, OpenPoseRecipe, cpm_cpu, openpose_cpu

FACTS = DataFacts(classes=1, attributes={}, keypoints=True)
SIZE = (64, 32)


def pictures(count: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, *SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))


def test_a_pose_machine_of_the_papers_size() -> None:
    machine = PoseMachine(PoseMachineConfig(), maps=15)
    kernels = [module.kernel_size[0] for module in machine.first if isinstance(module, torch.nn.Conv2d)]
    assert kernels == [9, 9, 9, 5, 9, 1, 1]
    later = [module.kernel_size[0] for module in machine.later[0] if isinstance(module, torch.nn.Conv2d)]  # type: ignore[union-attr]
    assert later == [11, 11, 11, 1, 1]
    assert len(machine.later) == 5
    assert machine.later[0][0].in_channels == 32 + 15 + 1  # type: ignore[index, union-attr]


def test_every_stage_gives_maps_and_sees_the_one_before() -> None:
    system = Cpm(PoseMachineConfig(width=0.0625, stages=3), MapSpec())
    stages = system(Inputs(pictures())).maps["confidence"]
    assert [stage.shape for stage in stages] == [(2, 15, 8, 4)] * 3
    stages[-1].sum().backward()
    assert all(each.grad is not None for each in system.machine.first.parameters())


def test_one_stage_is_a_machine_too() -> None:
    system = Cpm(PoseMachineConfig(width=0.0625, stages=1), MapSpec())
    assert len(system(Inputs(pictures())).maps["confidence"]) == 1


def test_openpose_has_two_streams_a_stage() -> None:
    system = OpenPose(openpose_cpu().system, PAPER_MAPS)
    maps = system(Inputs(pictures())).maps
    assert [stage.shape[1] for stage in maps["confidence"]] == [19] * 3
    assert [stage.shape[1] for stage in maps["affinity"]] == [38] * 3
    found = system.eval().estimate(pictures())
    assert found.shape == (2, len(JOINTS), 3)
    assert not found[:, JOINTS.index("head_top")].any(), "COCO has none"


def test_true_maps_are_read_back() -> None:
    keypoints = torch.rand(3, len(JOINTS), 3, generator=torch.Generator().manual_seed(1)) * 0.8 + 0.1
    keypoints[0, 3, 2] = 0
    spec = MapSpec(spread=1.0)
    found = single_person(draw_maps(keypoints, spec, (32, 16)).confidence, spec)
    joints = list(indices(spec.joints))
    known = keypoints[:, joints, 2] > 0
    away = ((found[:, joints, :2] - keypoints[:, joints, :2]) * torch.tensor([16.0, 32.0])).abs().amax(dim=2)
    assert away[known].max() < 0.4, "cells"
    assert found[0, 3, 2] == 0
    assert (found[:, joints, 2][known] > 0.5).all()
    assert not found[:, 14:].any(), "the face is not on Market's maps"


@pytest.mark.parametrize("recipe", [cpm_cpu(), openpose_cpu()])
def test_the_loss_falls_on_what_is_annotated(recipe: CpmRecipe | OpenPoseRecipe) -> None:
    """Eight steps on one batch; joints of confidence 0 are of no consequence, wherever they are said to be."""
    torch.manual_seed(0)
    system, terms = recipe.build(FACTS), recipe.terms(FACTS)
    keypoints = torch.rand(4, len(JOINTS), 3, generator=torch.Generator().manual_seed(3))
    keypoints[:, 14:] = 0
    numbers = torch.zeros(4, dtype=torch.int64)
    elsewhere = keypoints.clone()
    elsewhere[:, 14:, :2] = 0.5

    def loss(points: torch.Tensor) -> torch.Tensor:
        outputs = system(Inputs(pictures(4)))
        targets = Targets(numbers, numbers, torch.zeros(4, 0, dtype=torch.int64), points)
        return sum((term(outputs, targets) for term in terms.values()), torch.zeros(()))

    first = float(loss(keypoints))
    assert float(loss(elsewhere)) == pytest.approx(first, rel=1e-5)
    optimiser = torch.optim.Adam(system.parameters(), 1e-3)
    for _ in range(8):
        optimiser.zero_grad()
        loss(keypoints).backward()
        optimiser.step()
    assert float(loss(keypoints)) < 0.9 * first


def test_the_papers_recipes_are_the_papers_nets() -> None:
    assert CpmRecipe().maps.confidence_maps == 15
    assert (OpenPoseRecipe().maps.confidence_maps, OpenPoseRecipe().maps.affinity_fields) == (19, 38)
