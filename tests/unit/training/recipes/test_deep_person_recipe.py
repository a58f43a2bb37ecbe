"""Deep-Person's recipe: the paper's values, every row in every phase on a batch, and steps as printed."""

import pytest
import torch
from support.exported_net import people_to_see

from sightline.errors import ConfigurationError
from training.batch import Batch, Inputs, Targets
from training.config import IdentityBalanced
from training.objective import Objective, joint_loss
from training.optimisers import freeze, make_optimiser
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.deep_person import CPU, DeepPersonRecipe, deep_person_cpu
from training.recipes.deep_person_rows import GPU, ROWS, TABLES, scaled
from training.recipes.paper_rows import Figures, published_step
from training.schedules import rate_factor

FACTS = DataFacts(classes=5, attributes={})
TINY = {
    **CPU,
    "size_hw": (64, 32),
    "system.backbone.channels": (8, 8, 16, 16),
    "system.hidden": 6,
    "system.embedding": 10,
    "precision.bf16": False,
}


def batch() -> Batch:
    classes = torch.tensor([0, 0, 1, 1])
    targets = Targets(classes, torch.ones_like(classes), torch.zeros(4, 0, dtype=torch.int64))
    return Batch(Inputs(people_to_see(4, (64, 32))[0]), targets, torch.arange(4))


def test_150_epochs_of_128_pictures_a_batch() -> None:
    recipe = DeepPersonRecipe()
    assert [phase.epochs for phase in recipe.phases] == [30, 120]
    for phase in recipe.phases:
        assert isinstance(phase.sampling, IdentityBalanced)
        assert (phase.sampling.batch_size, phase.sampling.instances, phase.sampling.epoch) == (128, 8, "identities")
        assert (phase.optimiser.kind, phase.optimiser.lr, phase.optimiser.weight_decay) == ("adam", 3e-4, 5e-4)
    assert recipe.margin == 0.5
    assert set(recipe.phases[1].weights.values()) == {1.0}, "equation 3: all lambdas are 1"


@pytest.mark.parametrize(("epoch", "factor"), [(0, 1), (29, 1), (30, 1), (99, 1), (125, 0.001**0.5), (150, 0.001)])
def test_the_rate_is_flat_to_epoch_100_and_falls_to_a_thousandth(epoch: int, factor: float) -> None:
    phases = DeepPersonRecipe().phases
    index, within = (0, epoch) if epoch < 30 else (1, epoch - 30)
    assert rate_factor(phases[index].schedule, epoch=within, epochs=phases[index].epochs) == pytest.approx(factor)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_learns_in_every_phase(name: str) -> None:
    torch.manual_seed(0)
    recipe = overridden(DeepPersonRecipe(), scaled(ROWS[name], TINY))
    system, terms = recipe.build(FACTS), recipe.terms(FACTS)
    for phase in recipe.phases:
        freeze(system, phase.frozen)
        optimiser = make_optimiser(system, phase.optimiser)
        total, reported = Objective(system, joint_loss(terms, phase), recipe.precision)(batch())
        total.backward()
        optimiser.step()
        assert total.isfinite()
        assert set(reported) == set(phase.weights)
        unused = [n for n, p in system.named_parameters() if p.requires_grad and p.grad is None]
        assert not unused, "what does not learn in a phase is frozen in it"
        system.zero_grad()
    assert system.eval().embed(batch().inputs).shape == (4, system.embedding_dim)


def test_rows_have_one_budget() -> None:
    for scale, epochs in (({}, (30, 120)), (GPU, (24, 96))):
        recipes = [overridden(DeepPersonRecipe(), scaled(row, scale)) for row in ROWS.values()]
        assert {tuple(phase.epochs for phase in recipe.phases) for recipe in recipes} == {epochs}


def test_steps_are_the_papers() -> None:
    assert published_step(ROWS, "both", "market1501") == Figures(pytest.approx(1.25), pytest.approx(3.08))
    assert published_step(ROWS, "identification_triplet", "market1501") == Figures(pytest.approx(3.12), pytest.approx(8.25))
    assert published_step(ROWS, "both_concatenated", "market1501") == Figures(pytest.approx(-3.09), pytest.approx(-2.82))
    assert {name for rows in TABLES.values() for name in rows} == set(ROWS)


def test_the_cpu_preset_sees_eight_parts() -> None:
    recipe = deep_person_cpu()
    system = recipe.build(FACTS)
    seen = people_to_see(2, recipe.size_hw)[0]
    assert system.trunk.map(seen).shape[2] == 8
    assert system(Inputs(seen)).logits["part"].shape == (2, 5)
    assert sum(p.numel() for p in system.trunk.parameters()) < 1_500_000


def test_pictures_grow_in_width_alone() -> None:
    wider = overridden(deep_person_cpu(), {"growing": ((0, (128, 48)), (9, (128, 64)))})
    assert wider.build(FACTS) is not None
    with pytest.raises(ConfigurationError, match="made for a height of 128, got 96"):
        overridden(deep_person_cpu(), {"growing": ((0, (96, 48)), (9, (128, 64)))}).build(FACTS)


def test_half_precision_reaches_the_lstms() -> None:
    recipe = overridden(DeepPersonRecipe(), {**TINY, "precision.bf16": True})
    system, phase = recipe.build(FACTS), recipe.phases[1]
    total, _ = Objective(system, joint_loss(recipe.terms(FACTS), phase), recipe.precision)(batch())
    total.backward()
    assert total.dtype == torch.float32
    assert all(p.grad is not None and p.grad.isfinite().all() for p in system.parameters())
