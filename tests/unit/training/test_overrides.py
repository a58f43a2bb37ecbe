"""Recipes with values changed by their dotted names."""

from __future__ import annotations

import pytest
from support.training_recipe import TinyRecipe

from sightline.errors import ConfigurationError
from training.config import Decay, IdentityBalanced, OneCycle, Shuffled
from training.overrides import overridden, parse_overrides


def test_values_lists_and_sections_are_set_and_the_recipe_stays_as_it_was() -> None:
    recipe = TinyRecipe()
    changed = overridden(
        recipe, {"phases.0.epochs": 10, "size_hw": [32, 16], "augment.flip": 0, "system.width": 4, "ema": None}
    )
    assert (changed.phases[0].epochs, changed.phases[1].epochs) == (10, 2)
    assert (changed.size_hw, changed.augment.flip, changed.system.width, changed.ema) == ((32, 16), 0.0, 4, None)
    assert recipe == TinyRecipe()
    assert overridden(recipe, {}) == recipe


def test_a_star_means_every_phase() -> None:
    assert [phase.epochs for phase in overridden(TinyRecipe(), {"phases.*.epochs": 7}).phases] == [7, 7]


def test_another_kind_begins_with_its_own_defaults_whatever_the_order() -> None:
    values = {"phases.0.schedule.rise": 0.1, "phases.0.schedule.kind": "one_cycle"}
    assert overridden(TinyRecipe(), values).phases[0].schedule == OneCycle(rise=0.1)
    sampling = overridden(TinyRecipe(), {"phases.*.sampling.kind": "shuffled"})
    assert sampling.phases[1].sampling == Shuffled()
    assert sampling.phases[0].sampling == Shuffled(batch_size=8), "the same kind keeps its values"


def test_another_kind_of_optimiser_keeps_its_rate() -> None:
    optimiser = overridden(TinyRecipe(), {"phases.0.optimiser.kind": "adamw"}).phases[0].optimiser
    assert (optimiser.kind, optimiser.lr, optimiser.lr_factors) == ("adamw", 0.05, {"trunk": 0.5})


def test_entries_of_mappings_come_change_and_go() -> None:
    changed = overridden(
        TinyRecipe(),
        {"phases.1.weights.spread": None, "phases.1.weights.colour": 2, "phases.0.optimiser.lr_factors.trunk.0": 0.25},
    )
    assert changed.phases[1].weights == {"softmax": 1.0, "colour": 2.0}
    assert changed.phases[0].optimiser.lr_factors == {"trunk": 0.5, "trunk.0": 0.25}


def test_a_whole_section_can_be_replaced() -> None:
    values = {"phases.0.schedule": {"kind": "decay", "factor": 0.1}, "phases.0.sampling": {"kind": "identity_balanced"}}
    phase = overridden(TinyRecipe(), values).phases[0]
    assert (phase.schedule, phase.sampling) == (Decay(factor=0.1), IdentityBalanced())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("phases.0.epoch", 10, "did you mean 'epochs'"),
        ("phase.0.epochs", 10, "did you mean 'phases'"),
        ("phases.2.epochs", 10, "from 0 to 1"),
        ("phases.first.epochs", 10, "from 0 to 1"),
        ("phases.0.epochs.many", 10, "single value"),
        ("phases.0.epochs", "ten", "phases.0.epochs: .*integer"),
        ("phases.0.epochs", 0, "greater than or equal to 1"),
        ("phases.0.epochs", None, "phases.0.epochs"),
        ("augment.flip", 1.5, "less than or equal to 1"),
        ("phases.0.schedule.kind", "one_cicle", "one_cycle"),
        ("phases.0.optimiser.kind", "sgdd", "adamw"),
        ("phases.0.schedule.rise", 0.1, "nothing is named 'rise'"),
        ("size_hw", [1, 2, 3], "size_hw"),
    ],
)
def test_what_cannot_be_set_is_refused_and_says_what_could(name: str, value: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        overridden(TinyRecipe(), {name: value})


def test_assignments_are_json_or_text() -> None:
    texts = ["a=10", "b=1e-3", "c=[128, 64]", "d=one_cycle", "e=null", "f=", "g=x=y", "h=true"]
    values = {"a": 10, "b": 1e-3, "c": [128, 64], "d": "one_cycle", "e": None, "f": "", "g": "x=y", "h": True}
    assert parse_overrides(texts) == values


@pytest.mark.parametrize("texts", [["a"], ["=3"], ["a=1", "a=2"]])
def test_assignments_that_are_none_are_refused(texts: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"NAME=VALUE|twice"):
        parse_overrides(texts)
