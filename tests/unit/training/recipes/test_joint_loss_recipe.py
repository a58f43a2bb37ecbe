"""The joint-loss recipe and the rows of its table."""

import pytest
import torch
from support.exported_net import people_to_see

from sightline.errors import ConfigurationError
from training.batch import Batch, Inputs, Targets
from training.objective import Objective, joint_loss
from training.optimisers import freeze
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.joint_loss import CPU, ROWS, JointLossRecipe, joint_loss_cpu
from training.recipes.paper_rows import published_step

FACTS = DataFacts(classes=3, attributes={}, keypoints=True)


def test_what_the_paper_says() -> None:
    recipe = JointLossRecipe()
    softmax, joint = recipe.phases
    assert recipe.size_hw == (219, 103)
    assert (softmax.weights, joint.weights) == ({"softmax": 1.0}, {"softmax": 0.5, "triplet": 1.0})
    assert recipe.system.dropout == 0.5
    assert recipe.system.tap == "conv4_x"


@pytest.mark.parametrize("name", ROWS)
def test_every_row_learns_in_both_phases(name: str) -> None:
    small = {**CPU, "system.backbone.width": 0.25, "size_hw": (64, 32), "augment.resize_hw": (68, 34)}
    recipe = overridden(JointLossRecipe(), {**ROWS[name].overrides, **small})
    system, terms = recipe.build(FACTS), recipe.terms(FACTS)
    images, keypoints = people_to_see(6, recipe.size_hw)
    classes = torch.tensor([0, 0, 1, 1, 2, 2])
    targets = Targets(classes, torch.ones_like(classes), torch.zeros(6, 0, dtype=torch.int64), keypoints)
    batch = Batch(Inputs(images, keypoints), targets, classes)
    for phase in recipe.phases:
        freeze(system, phase.frozen)
        system.zero_grad()
        total, reported = Objective(system, joint_loss(terms, phase), recipe.precision)(batch)
        total.backward()
        assert set(reported) == set(phase.weights)
        assert torch.isfinite(total)
        assert [n for n, p in system.named_parameters() if p.grad is None] == []


def test_the_weights_of_the_losses_are_those_of_the_table() -> None:
    """Printed as softmax : triplet."""
    ratios = {}
    for name, row in ROWS.items():
        weights = overridden(JointLossRecipe(), row.overrides).phases[1].weights
        ratios[name] = (weights["softmax"], weights.get("triplet", 0.0))
    assert ratios == {
        "baseline": (1, 0),
        "global_local": (1, 0),
        "softmax_triplet_2_1": (1, 0.5),
        "softmax_triplet_1_1": (1, 1),
        "softmax_triplet_1_2": (0.5, 1),
        "whole": (0.5, 1),
        "stripes": (0.5, 1),
        "unconstrained": (0.5, 1),
    }


def test_the_papers_steps() -> None:
    """Section IV-C: joint features and joint loss improve rank-1 by 3.41 and about 5."""
    features, loss = (published_step(ROWS, name, "market1501") for name in ("global_local", "softmax_triplet_1_2"))
    assert features is not None
    assert loss is not None
    assert (features.rank1, loss.rank1) == (pytest.approx(3.41), pytest.approx(5.09))


@pytest.mark.parametrize(
    ("overrides", "hint"),
    [
        ({}, "found by landmarks"),
        ({"system.regions": "stripes"}, "compare poses"),
    ],
)
def test_data_without_key_points_are_told_what_to_do(overrides: dict[str, object], hint: str) -> None:
    blind = DataFacts(classes=3, attributes={})
    with pytest.raises(ConfigurationError, match=hint):
        overridden(joint_loss_cpu(), overrides).build(blind)
    overridden(joint_loss_cpu(), {"system.regions": "stripes", "constraint": None}).build(blind)
    overridden(joint_loss_cpu(), ROWS["baseline"].overrides).build(blind)
