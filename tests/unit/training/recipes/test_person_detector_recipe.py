"""The detector's recipe: the sizes that grow, and a run of the loop that learns to find people."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from support.labelled_frames import write_detection_set

from training.data.config import DataConfig
from training.data.finding import silent
from training.nets.system import System
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes import RECIPES
from training.recipes.person_detector import PersonDetectorRecipe

FACTS = DataFacts(classes=1, attributes={})


def test_it_is_known_by_its_name() -> None:
    assert RECIPES["person_detector"] == PersonDetectorRecipe()
    assert set(PersonDetectorRecipe().phases[0].weights) == set(PersonDetectorRecipe().terms(FACTS))


def test_the_canvas_grows_with_the_epochs() -> None:
    recipe = PersonDetectorRecipe(growing=((0, 192), (2, 256), (5, 416)))
    assert [recipe.size_of(epoch)[0] for epoch in range(7)] == [192, 192, 256, 256, 256, 416, 416]


@pytest.mark.parametrize(
    ("growing", "message"),
    [
        (((1, 192),), "epochs that rise from 0"),
        (((0, 192), (3, 256), (2, 320)), "epochs that rise from 0"),
        (((0, 200),), "multiples of 32 pixels, got 200"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(growing: tuple[tuple[int, int], ...], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PersonDetectorRecipe(growing=growing)


def test_a_tiny_one_learns_to_find_people(tmp_path: Path) -> None:
    recipe = overridden(
        PersonDetectorRecipe(),
        {
            "size_hw": (96, 96),
            "growing": ((0, 96),),
            "system": {"stem": (8, 8), "channels": (16, 16, 16), "blocks": (1, 1, 1), "neck": 16, "head": 16},
            "frames": {"mosaic": 0.0, "scale": (0.9, 1.1), "colour_jitter": 0.1, "channel_gain": 0.0, "grey": 0.0},
            "phases.0.optimiser.lr": 5e-3,
        },
    )
    data = DataConfig(path=write_detection_set(tmp_path / "set", train=16, val=6))
    opened = recipe.open(data, device=torch.device("cpu"), report=silent)
    assert opened.validation is not None
    system = trained(recipe, opened.training, steps=40)
    assert opened.validation.measure(system).values["ap50"] > 0.8


def trained(recipe, training, steps: int) -> System:
    """A few steps, plainly."""
    torch.manual_seed(0)
    system = recipe.build(FACTS)
    terms = recipe.terms(FACTS)
    optimiser = torch.optim.AdamW(system.parameters(), lr=recipe.phases[0].optimiser.lr)
    for step in range(steps):
        (batch,) = training.batches(iter([torch.arange(8).numpy() + 8 * (step % 2)]), seed=0, epoch=step)
        outputs = system(batch.inputs)
        loss = sum(recipe.phases[0].weights[name] * term(outputs, batch.targets) for name, term in terms.items())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return system


def test_a_set_of_nobody_is_not_validated(tmp_path: Path) -> None:
    opened = PersonDetectorRecipe().open(
        DataConfig(path=write_detection_set(tmp_path / "set", val=1)), device=torch.device("cpu"), report=silent
    )
    assert opened.validation is None
