"""What a model's probabilities say of a person."""

from __future__ import annotations

import pytest

from sightline.attributes import likeliest, tellable


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ({}, {}),
        ({"hat": 0.7}, {"hat": ("yes", 0.7)}),
        ({"hat": 0.2}, {"hat": ("no", 0.8)}),
        ({"hat:yes": 0.5}, {"hat": ("yes", 0.5)}),
        ({"gender:female": 0.1}, {"gender": ("male", 0.9)}),
        ({"sleeve:short": 0.4}, {"sleeve": ("long", 0.6)}),
        ({"upper_colour:red": 0.4, "upper_colour:blue": 0.35}, {"upper_colour": ("red", 0.4)}),
        ({"backpack:no": 0.6, "backpack:yes": 0.4}, {"backpack": ("no", 0.6)}),
        ({"upper_colour:red": 0.4}, {}),
        ({"upper_colour:red": 0.6}, {"upper_colour": ("red", 0.6)}),
        ({"umbrella:yes": 0.1}, {"umbrella": ("no", 0.9)}),
    ],
)
def test_the_likeliest_value(probabilities: dict[str, float], expected: dict[str, tuple[str, float]]) -> None:
    told = likeliest(probabilities)
    assert {name: value for name, (value, _) in told.items()} == {name: value for name, (value, _) in expected.items()}
    for name, (_, probability) in expected.items():
        assert told[name][1] == pytest.approx(probability)


def test_what_a_model_can_tell() -> None:
    names = ("hat", "gender:female", "upper_colour:red", "upper_colour:blue", "lower_colour:pink")
    assert tellable(names) == {
        "hat": ("yes", "no"),
        "gender": ("female", "male"),
        "upper_colour": ("red", "blue"),
        "lower_colour": ("pink",),
    }
