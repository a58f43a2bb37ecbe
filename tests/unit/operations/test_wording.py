"""Values as people read them."""

from __future__ import annotations

import pytest

from sightline.operations.figure import Unit
from sightline.operations.wording import age, worded


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0, Unit.SECONDS, ("0", "s")),
        (0.00042, Unit.SECONDS, ("0.42", "ms")),
        (0.0123, Unit.SECONDS, ("12.3", "ms")),
        (0.4999, Unit.SECONDS, ("500", "ms")),
        (0.9996, Unit.SECONDS, ("1.00", "s")),
        (12.34, Unit.SECONDS, ("12.3", "s")),
        (150.0, Unit.SECONDS, ("2.50", "min")),
        (9000.0, Unit.SECONDS, ("2.50", "h")),
        (400_000.0, Unit.SECONDS, ("4.63", "days")),
        (0.0341, Unit.RATIO, ("3.41", "%")),
        (1.0, Unit.RATIO, ("100", "%")),
        (4.8, Unit.PER_SECOND, ("4.80", "/s")),
        (9.999, Unit.PER_SECOND, ("10.0", "/s")),
        (99.96, Unit.PER_SECOND, ("100", "/s")),
        (1234.5, Unit.PER_MINUTE, ("1,234", "/min")),
        (12.0, Unit.COUNT, ("12", "")),
        (None, Unit.SECONDS, ("\N{EN DASH}", "")),
    ],
)
def test_three_digits_and_a_unit(value: float | None, unit: Unit, words: tuple[str, str]) -> None:
    assert worded(value, unit) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "1 s"), (0, "1 s"), (45, "45 s"), (200, "3 min"), (7000, "2 h"), (400_000, "5 days")],
)
def test_an_age_is_no_finer_than_is_of_use(seconds: float, words: str) -> None:
    assert age(seconds) == words
