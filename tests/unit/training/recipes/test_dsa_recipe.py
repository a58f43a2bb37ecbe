"""DSA-reID's recipe: the paper's values, its loss recomputed, its tables' rows."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from sightline.errors import ConfigurationError
from training.batch import Inputs, Targets
from training.losses.joint import JointLoss, Weighted
from training.losses.triplet import TripletLoss
from training.nets.system import Outputs
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes.dsa import TABLES_3_TO_5, DsaRecipe, dsa_cpu
from training.recipes.paper_rows import Figures, PaperRow, published_step
from training.schedules import rate_factor

FACTS = DataFacts(classes=5, attributes={}, keypoints=True, part_images=True)


@pytest.mark.parametrize(
    ("epoch", "rate"), [(0, 8e-6), (10, 8e-6 + (8e-4 - 8e-6) / 2), (20, 8e-4), (59.9, 8e-4), (60, 4e-4), (100, 2e-4)]
)
def test_the_rate_warms_up_and_is_halved(epoch: float, rate: float) -> None:
    (phase,) = DsaRecipe().phases
    assert phase.optimiser.lr * rate_factor(phase.schedule, epoch=epoch, epochs=phase.epochs) == pytest.approx(rate)


def test_the_joint_loss_is_the_papers() -> None:
    """0.5 ID on f_G and each f_L,i; 1.0 ID and 1.5 triplet on z_G and z_L (section 4.2)."""
    recipe = dsa_cpu()
    torch.manual_seed(0)
    parts = [
        f"part_{region}" for region in ("torso", "hand", "foot", "upper_leg", "lower_leg", "upper_arm", "lower_arm", "head")
    ]
    logits = {head: torch.randn(8, 5) for head in ("global", *parts, "fused_global", "fused_local")}
    features = {name: torch.randn(8, 6) for name in ("fused_global", "fused_local")}
    targets = Targets(torch.arange(4).repeat_interleave(2), torch.zeros(8), torch.zeros(8, 0))
    outputs = Outputs(logits=logits, features=features)
    weights = recipe.phases[0].weights
    loss = JointLoss({name: Weighted(term, weights[name]) for name, term in recipe.terms(FACTS).items()})

    def identity(head: str) -> torch.Tensor:
        return functional.cross_entropy(logits[head], targets.classes, label_smoothing=0.1)

    expected = 0.5 * sum(identity(head) for head in ("global", *parts))
    for fused in ("fused_global", "fused_local"):
        expected = expected + identity(fused) + 1.5 * TripletLoss(fused, margin=0.3)(outputs, targets)
    torch.testing.assert_close(loss(outputs, targets)[0], expected)


@pytest.mark.parametrize("row", TABLES_3_TO_5.values(), ids=TABLES_3_TO_5)
def test_every_row_trains_a_step_and_describes(row: PaperRow) -> None:
    recipe = overridden(dsa_cpu(), {**row.overrides, "system.main.backbone.width": 0.25})
    torch.manual_seed(0)
    system = recipe.build(FACTS)
    inputs = Inputs(
        torch.randint(0, 256, (4, 3, 64, 32), dtype=torch.uint8),
        None,
        torch.randint(0, 256, (4, 24, 3, 32, 32), dtype=torch.uint8) if system.training_needs else None,
    )
    targets = Targets(torch.tensor([0, 0, 1, 1]), torch.zeros(4), torch.zeros(4, 0))
    weights = recipe.phases[0].weights
    terms = recipe.terms(FACTS)
    assert set(weights) == set(terms)
    total, _ = JointLoss({name: Weighted(terms[name], weight) for name, weight in weights.items()})(system(inputs), targets)
    total.backward()
    assert torch.isfinite(total)
    assert system.eval().embed(inputs).shape == (4, system.embedding_dim)


def test_what_the_rows_change() -> None:
    def recipe(row: str) -> DsaRecipe:
        return overridden(DsaRecipe(), TABLES_3_TO_5[row].overrides)

    assert (recipe("baseline").augment.erase, recipe("baseline").smoothing) == (0, 0)
    assert (recipe("baseline_erasing").augment.erase, recipe("baseline_erasing").smoothing) == (0.5, 0)
    assert recipe("two_branches").system.guide is None
    assert recipe("two_branches").system.branches == "both"
    assert recipe("coarse").augment.part_alignment == "coarse"
    assert recipe("dsa") == DsaRecipe()
    assert all(row.weights_of == "dsa" for name, row in TABLES_3_TO_5.items() if "joint" in name or name == "fused_at_test")


def test_the_papers_steps() -> None:
    step = published_step(TABLES_3_TO_5, "dsa", "market1501")
    assert step is not None
    assert (round(step.rank1, 1), round(step.mean_ap or 0, 1)) == (1.7, 4.2)  # section 4.4
    assert TABLES_3_TO_5["concatenated"].published["market1501"] == Figures(93.0, 81.6)


def test_without_key_points_only_the_main_stream_trains() -> None:
    without = DataFacts(classes=5, attributes={})
    with pytest.raises(ConfigurationError, match=r"--set system\.guide=null"):
        dsa_cpu().build(without)
    overridden(dsa_cpu(), {"system.guide": None}).build(without)
