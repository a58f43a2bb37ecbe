"""What is to be thought of a figure's value."""

from __future__ import annotations

import pytest

from sightline.operations.figure import Figure, State, Thresholds, Unit

HIGH = Thresholds(warn=1.5, bad=2)
LOW = Thresholds(warn=0.3, bad=0.1)


@pytest.mark.parametrize(
    ("limits", "value", "state"),
    [
        (HIGH, 0, State.WELL),
        (HIGH, 1.49, State.WELL),
        (HIGH, 1.5, State.WARN),
        (HIGH, 2, State.BAD),
        (HIGH, 1e9, State.BAD),
        (LOW, 1, State.WELL),
        (LOW, 0.3, State.WELL),
        (LOW, 0.29, State.WARN),
        (LOW, 0.1, State.WARN),
        (LOW, 0, State.BAD),
    ],
)
def test_the_order_of_the_thresholds_says_which_way_is_worse(limits: Thresholds, value: float, state: State) -> None:
    assert limits.judge(value) is state


def test_two_equal_thresholds_say_nothing() -> None:
    with pytest.raises(ValueError, match="two different"):
        Thresholds(1, 1)


@pytest.mark.parametrize(
    ("limits", "value", "state"), [(HIGH, None, State.UNKNOWN), (None, None, State.UNKNOWN), (None, 1e9, State.INFO)]
)
def test_without_a_value_or_thresholds(limits: Thresholds | None, value: float | None, state: State) -> None:
    figure = Figure("k", "t", "e", Unit.COUNT, "d", "b", limits)
    assert figure.judge(value) is state


def test_the_runbook_has_a_section_by_the_alerts_name() -> None:
    figure = Figure("k", "t", "e", Unit.COUNT, "d", "b", alert="SightlineLagGrowing")
    assert figure.runbook == "docs/operations/runbook.md#sightlinelaggrowing"
    assert Figure("k", "t", "e", Unit.COUNT, "d", "b").runbook is None
