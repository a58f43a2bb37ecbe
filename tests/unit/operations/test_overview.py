"""The overview over what a history holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sightline.errors import ServiceError, ServiceUnavailable
from sightline.operations.alert import FiringAlert
from sightline.operations.figure import Figure, State, Thresholds, Unit
from sightline.operations.overview import POINTS, STEP_S, read_overview
from sightline.testing import InMemoryHistory

NOW_S = 1_795_000_000.0
LAG = Figure("lag", "Waiting", "lag", Unit.COUNT, "", "board", Thresholds(100, 1000))
FRAMES = Figure("frames", "Frames", "frames", Unit.PER_SECOND, "", "board")
FIGURES = (LAG, FRAMES)


def fires(name: str, severity: str) -> FiringAlert:
    return FiringAlert(name, severity, "", datetime.fromtimestamp(NOW_S, UTC))


def history(lag: float | None, *firing: FiringAlert) -> InMemoryHistory:
    return InMemoryHistory({"lag": [lambda _: lag], "frames": [lambda time_s: time_s]}, firing)


async def test_values_go_back_from_now_in_steps() -> None:
    overview = await read_overview(history(3), now_s=NOW_S, figures=FIGURES)

    frames = overview.readings[1]
    assert frames.figure is FRAMES
    assert frames.value == NOW_S
    assert frames.history == tuple(NOW_S - STEP_S * place for place in reversed(range(POINTS)))
    assert overview.readings[0].words == ("3", "")


@pytest.mark.parametrize(
    ("lag", "firing", "state"),
    [
        (3, (), State.WELL),
        (100, (), State.WARN),
        (5000, (), State.BAD),
        (None, (), State.UNKNOWN),
        (3, (fires("Old", "ticket"),), State.WARN),
        (3, (fires("Now", "page"),), State.BAD),
        (5000, (fires("Old", "ticket"),), State.BAD),
        (None, (fires("Now", "critical"),), State.BAD),
    ],
)
async def test_the_worst_of_figures_and_alerts_counts(lag: float | None, firing: tuple[FiringAlert, ...], state: State) -> None:
    assert (await read_overview(history(lag, *firing), now_s=NOW_S, figures=FIGURES)).state is state


async def test_the_gravest_alert_comes_first() -> None:
    firing = (fires("B", "ticket"), fires("Z", "page"), fires("A", ""))
    overview = await read_overview(history(3, *firing), now_s=NOW_S, figures=FIGURES)
    assert [alert.name for alert in overview.alerts] == ["Z", "A", "B"]


async def test_alerts_that_say_the_same_are_one_the_oldest() -> None:
    def burns(since_s: float, summary: str = "late") -> FiringAlert:
        return FiringAlert("Burn", "page", summary, datetime.fromtimestamp(since_s, UTC))

    firing = (burns(NOW_S - 10), burns(NOW_S - 60), burns(NOW_S - 30, "too late"))
    overview = await read_overview(history(3, *firing), now_s=NOW_S, figures=FIGURES)
    assert overview.alerts == (firing[1], firing[2])


async def test_no_answer_is_an_error() -> None:
    with pytest.raises(ServiceUnavailable):
        await read_overview(InMemoryHistory(away=True), now_s=NOW_S, figures=FIGURES)


async def test_two_series_for_a_figure_are_an_error() -> None:
    with pytest.raises(ServiceError, match="lag"):
        await read_overview(InMemoryHistory({"lag": [lambda _: 1.0, lambda _: 2.0]}), now_s=NOW_S, figures=FIGURES)


async def test_the_document_for_json() -> None:
    document = (await read_overview(history(100, fires("Old", "ticket")), now_s=NOW_S, figures=FIGURES)).document()
    assert document["state"] == "warn"
    assert document["figures"]["lag"] == {"value": 100, "unit": "count", "state": "warn"}
    assert document["figures"]["frames"]["state"] == "info"
    assert document["alerts"][0]["name"] == "Old"
    assert document["alerts"][0]["since"] == "2026-11-18T11:06:40+00:00"
