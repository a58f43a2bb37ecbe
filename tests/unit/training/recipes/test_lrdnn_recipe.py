"""LRDNN's recipe: the paper's values, every row in every phase on a batch, and steps as printed."""

import pytest
import torch
from support.exported_net import people_to_see

from sightline.attributes import MISSING
from sightline.errors import ConfigurationError
from training.batch import Batch, Inputs, Targets
from training.config import Decay, OptimiserConfig
from training.nets.openpose.map_spec import PAPER_MAPS
from training.nets.systems.lrdnn import Lrdnn, MainBranch
from training.objective import Objective, joint_loss
from training.optimisers import freeze, make_optimiser
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.lrdnn import CPU, LrdnnRecipe, lrdnn_cpu
from training.recipes.lrdnn_rows import DRAWN, GPU, ROWS, TABLES, scaled
from training.recipes.paper_rows import Figures, published_step

FACTS = DataFacts(classes=5, attributes={"hat": 2, "age": 4}, keypoints=True)
TINY = {
    **CPU,
    "size_hw": (64, 32),
    "system.backbone.channels": (8, 8, 16, 16),
    "system.pose.width": 0.0625,
    "system.fusion.sketch_width": 32,
    "precision.bf16": False,
}


def batch() -> Batch:
    images, keypoints = people_to_see(4, (64, 32))
    attributes = torch.tensor([[0, 3], [1, MISSING], [MISSING, 0], [0, 1]])
    targets = Targets(torch.tensor([0, 0, 1, 4]), torch.tensor([1, 2, 1, 2]), attributes, keypoints)
    return Batch(Inputs(images, keypoints), targets, torch.arange(4))


def test_three_phases_of_adam_at_the_papers_rate() -> None:
    phases = LrdnnRecipe().phases
    assert [(phase.name, phase.epochs) for phase in phases] == [("identity", 100), ("attributes", 60), ("fusion", 100)]
    assert all(phase.optimiser == OptimiserConfig(kind="adam", lr=1e-4) for phase in phases)
    assert all(phase.schedule == Decay(factor=0.96, every=1) for phase in phases)


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("name", ROWS)
def test_every_row_learns_in_every_phase(name: str, drawn: bool) -> None:
    torch.manual_seed(0)
    scale = {**TINY, **DRAWN} if drawn else TINY
    recipe = overridden(LrdnnRecipe(), scaled(ROWS[name], scale))
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
    recipes = [overridden(LrdnnRecipe(), row.overrides) for row in ROWS.values()]
    assert {tuple(phase.epochs for phase in recipe.phases) for recipe in recipes} == {(100, 60, 100)}
    scaled_epochs = {tuple(p.epochs for p in overridden(LrdnnRecipe(), scaled(row, GPU)).phases) for row in ROWS.values()}
    assert scaled_epochs == {(28, 17, 28)}


def test_steps_are_the_papers() -> None:
    assert published_step(ROWS, "b_a", "market1501") == Figures(pytest.approx(6.9), pytest.approx(8.6))
    assert published_step(ROWS, "without_cpb", "market1501") == Figures(pytest.approx(-0.7), pytest.approx(-1.3))
    assert published_step(ROWS, "b_a_c", "duke") == Figures(pytest.approx(-2.3), pytest.approx(0.3))
    assert {name for rows in TABLES.values() for name in rows} == set(ROWS)
    assert all(row.rerank for row in ROWS.values())


def test_the_cpu_preset_is_small_and_its_rate_falls_as_far() -> None:
    recipe = lrdnn_cpu()
    system = recipe.build(FACTS)
    assert isinstance(system, Lrdnn)
    assert sum(p.numel() for p in system.branches.parameters()) < 2_000_000
    assert recipe.name == "lrdnn_cpu"
    for ours, paper in zip(recipe.phases, LrdnnRecipe().phases, strict=True):
        assert isinstance(ours.schedule, Decay)
        assert ours.epochs / ours.schedule.every == pytest.approx(paper.epochs, rel=0.05)


def test_19_and_38_maps_are_a_setting() -> None:
    maps = PAPER_MAPS.model_dump(mode="json")
    recipe = overridden(LrdnnRecipe(), {**TINY, "system.maps": maps})
    system = recipe.build(FACTS)
    outputs = freeze_for(system, recipe.phases[0].frozen)(batch().inputs)
    assert outputs.maps["confidence"][-1].shape[1] == 19
    assert outputs.maps["affinity"][-1].shape[1] == 38


def freeze_for(system: torch.nn.Module, frozen: tuple[str, ...]) -> torch.nn.Module:
    freeze(system, frozen)
    return system


def test_what_the_data_lack_is_said_with_a_way_out() -> None:
    bare = DataFacts(classes=5, attributes={})
    with pytest.raises(ConfigurationError, match=r"attributes.csv .* row `b`"):
        LrdnnRecipe().build(bare)
    with pytest.raises(ConfigurationError, match=r"keypoints.npz .* row `b_a`"):
        overridden(LrdnnRecipe(), TINY).build(DataFacts(classes=5, attributes={"hat": 2}))
    assert isinstance(overridden(LrdnnRecipe(), scaled(ROWS["b"], TINY)).build(bare), MainBranch)


def test_a_pose_net_that_does_not_learn_asks_for_no_key_points() -> None:
    recipe = overridden(LrdnnRecipe(), {**TINY, "phases.0.weights": {"identity": 1.0}})
    assert recipe.build(DataFacts(classes=5, attributes={"hat": 2})).training_needs == frozenset()
    assert overridden(LrdnnRecipe(), TINY).build(FACTS).training_needs == frozenset({"keypoints"})
