"""DJL's recipe and the rows of its tables: each can be built and learns in both phases."""

import pytest
import torch
from support.exported_net import people_to_see

from sightline.errors import ConfigurationError
from training.batch import Batch, Inputs, Targets
from training.config import AugmentConfig, Decay, Polynomial
from training.objective import Objective, joint_loss
from training.optimisers import freeze, make_optimiser
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.djl import DjlRecipe, djl_cpu
from training.recipes.djl_rows import CPU, GPU, ROWS, TABLES, scaled
from training.recipes.paper_rows import published_step

FACTS = DataFacts(classes=5, attributes={}, keypoints=True)
LOCAL = {"weights": True, "frozen": True, "optimiser": {"lr_factors"}}
"""What a phase says of the local branch."""

TRAINED = [name for name, row in ROWS.items() if row.weights_of is None]


def batch_of(count: int, size_hw: tuple[int, int]) -> Batch:
    images, keypoints = people_to_see(count, size_hw)
    classes = torch.arange(count) % FACTS.classes
    nothing = torch.zeros(count, 0, dtype=torch.int64)
    return Batch(Inputs(images, keypoints), Targets(classes, torch.ones_like(classes), nothing, keypoints), classes)


def test_the_papers_values() -> None:
    recipe = DjlRecipe()
    assert (recipe.size_hw, recipe.augment) == ((144, 56), AugmentConfig(resize_hw=(160, 64), flip=0.5))
    base, joint = recipe.phases
    assert (base.epochs, base.optimiser.kind, base.optimiser.lr, base.sampling.batch_size) == (232, "sgd", 0.1, 100)
    assert base.schedule == Decay(factor=0.96, every=4)
    assert (joint.epochs, joint.optimiser.lr, joint.schedule) == (20, 0.01, Polynomial(power=0.5))
    assert recipe.system.window == (24 / 56, 16 / 144)
    assert [(m.layer, m.grid_hw) for m in recipe.system.modules] == [
        ("inception_3a", (1, 1)),
        ("inception_2a", (3, 3)),
        ("inception_1a", (5, 5)),
    ]


@pytest.mark.parametrize("scale", [None, CPU, GPU])
@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_a_recipe(name: str, scale: object) -> None:
    row = ROWS[name]
    recipe = overridden(DjlRecipe(), row.overrides if scale is None else scaled(row, scale))
    assert recipe.system.feature == "global" or recipe.system.has_parts
    if scale is None and recipe.system.backbone.kind == "resnet":
        assert (recipe.size_hw, recipe.phases[0].epochs, recipe.phases[1].sampling.batch_size) == ((224, 224), 62, 16)
    if scale is CPU:
        assert (recipe.system.backbone.width, recipe.phases[0].epochs, recipe.phases[1].epochs) == (0.25, 12, 4)


@pytest.mark.parametrize(
    "name", ["base", "djl_s", "djl_s_rrw", "djl_hfa", "pie", "alexnet", "alexnet_conv5", "resnet", "resnet_res3a", "resnet_pie"]
)
def test_rows_learn_in_both_phases(name: str) -> None:
    recipe = overridden(DjlRecipe(), {**scaled(ROWS[name], CPU), "system.backbone.width": 0.125})
    system, terms = recipe.build(FACTS), recipe.terms(FACTS)
    batch = batch_of(2, recipe.size_hw)
    for phase in recipe.phases:
        freeze(system, phase.frozen)
        system.zero_grad()
        total, reported = Objective(system, joint_loss(terms, phase), recipe.precision)(batch)
        total.backward()
        assert set(reported) == set(phase.weights)
        make_optimiser(system, phase.optimiser).step()
        assert all(float(value) == pytest.approx(torch.tensor(5.0).log(), abs=1.0) for value in reported.values())
        assert [n for n, p in system.named_parameters() if p.requires_grad and p.grad is None] == []


def test_rows_of_the_same_baseline_train_the_same_base() -> None:
    """The step from the base to a method is of the method: sizes, budget and optimiser are those of the base."""
    own = {"system", "phases", "augment"}
    for name in TRAINED:
        row = ROWS[name]
        if row.baseline is None:
            continue
        ours, theirs = (overridden(DjlRecipe(), each.overrides) for each in (row, ROWS[row.baseline]))
        assert ours.model_dump(exclude=own) == theirs.model_dump(exclude=own)
        for mine, its in zip(ours.phases, theirs.phases, strict=True):
            assert mine.model_dump(exclude=LOCAL) == its.model_dump(exclude=LOCAL)
        assert ours.system.backbone == theirs.system.backbone
        assert ours.system.window == theirs.system.window


def test_tables_name_rows_and_hold_their_baselines() -> None:
    for table, names in TABLES.items():
        assert set(names) <= set(ROWS), table
        for name in names:
            baseline = ROWS[name].baseline
            assert baseline is None or baseline in names or table in ("figure_7", "robustness_at_test"), (table, name)
    assert set().union(*TABLES.values()) == set(ROWS)


def test_the_papers_steps() -> None:
    step = published_step(ROWS, "djl_s", "market1501")
    assert step is not None
    assert (step.rank1, step.mean_ap) == (pytest.approx(5.46), pytest.approx(8.23))
    pie = published_step(ROWS, "alexnet_pie", "market1501")
    assert pie is not None
    assert (round(pie.rank1, 2), pie.mean_ap) == (9.12, None)
    alexnet = published_step(ROWS, "alexnet_conv4", "cuhk03")
    assert alexnet is not None
    assert alexnet.rank1 == pytest.approx(18.92)  # printed so in Table 3


def test_data_without_key_points_train_the_base_alone() -> None:
    blind = DataFacts(classes=5, attributes={})
    with pytest.raises(ConfigurationError, match="no key points"):
        djl_cpu().build(blind)
    assert set(overridden(djl_cpu(), ROWS["base"].overrides).build(blind).classifiers) == {"global"}
