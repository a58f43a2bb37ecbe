"""The baseline's recipes: their values, and that what they ask for can be built and learns."""

from __future__ import annotations

import torch

from training.batch import Inputs, Targets
from training.config import IdentityBalanced
from training.losses.joint import JointLoss, Weighted
from training.recipe import DataFacts
from training.recipes import RECIPES
from training.recipes.baseline import BaselineRecipe, baseline_cpu

FACTS = DataFacts(classes=4, attributes={})


def test_recipes_are_found_by_name() -> None:
    assert RECIPES["baseline"] == BaselineRecipe()
    assert all(recipe.name == name for name, recipe in RECIPES.items())


def test_every_term_that_a_phase_weighs_is_there() -> None:
    for recipe in (BaselineRecipe(), baseline_cpu()):
        terms = recipe.terms(FACTS)
        assert all(set(phase.weights) <= set(terms) for phase in recipe.phases)


def test_the_floor_is_trained_as_measured() -> None:
    recipe = baseline_cpu()
    (phase,) = recipe.phases
    assert recipe.size_hw == (128, 64)
    assert phase.sampling == IdentityBalanced(identities=24, instances=4)
    assert (phase.optimiser.kind, phase.optimiser.lr, phase.optimiser.weight_decay) == ("adamw", 2.5e-3, 5e-3)
    assert recipe.precision.bf16
    assert recipe.precision.channels_last
    assert BaselineRecipe.model_validate(recipe.model_dump()) == recipe


def test_a_few_steps_on_one_batch_lower_the_joint_loss() -> None:
    torch.manual_seed(0)
    recipe = baseline_cpu()
    recipe = recipe.model_copy(update={"system": recipe.system.model_copy(update={"descriptor": 32})})
    system = recipe.build(FACTS).train()
    loss = JointLoss({name: Weighted(term) for name, term in recipe.terms(FACTS).items()})
    generator = torch.Generator().manual_seed(0)
    inputs = Inputs(torch.randint(0, 256, (8, 3, 64, 32), generator=generator, dtype=torch.uint8))
    classes = torch.arange(4).repeat_interleave(2)
    targets = Targets(classes, torch.zeros_like(classes), torch.zeros(8, 0, dtype=torch.int64))
    optimiser = torch.optim.AdamW(system.parameters(), 2.5e-3)
    history = []
    for _ in range(8):
        total, terms = loss(system(inputs), targets)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        history.append(total.item())
        assert set(terms) == {"softmax", "triplet"}
    assert history[-1] < 0.7 * history[0]
