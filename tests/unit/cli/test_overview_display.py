"""The overview as a terminal shows it."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from sightline.cli.overview_display import OverviewDisplay, no_overview_line
from sightline.operations.alert import FiringAlert
from sightline.operations.figure import Figure, Thresholds, Unit
from sightline.operations.overview import Overview, Reading

NOW_S = 1_795_000_000.0


def reading(title: str, value: float | None, limits: Thresholds | None = None) -> Reading:
    return Reading(Figure(title, title, "x", Unit.SECONDS, "", "board", limits), (None,) * 30 + (value,) * 30)


READINGS = (
    reading("Fine", 0.5, Thresholds(1, 2)),
    reading("Slow", 1.5, Thresholds(1, 2)),
    reading("Wrong", 3.0, Thresholds(1, 2)),
    reading("Gone", None, Thresholds(1, 2)),
    reading("Busy", 40.0),
)


def shown(*readings: Reading, width: int = 100, alerts: tuple[FiringAlert, ...] = ()) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(OverviewDisplay(Overview(NOW_S, readings, alerts)))
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def test_a_line_a_figure_with_mark_word_and_past() -> None:
    headline, _, *lines = shown(*READINGS).splitlines()
    assert headline == "✗ Something is wrong"
    assert [line.split() for line in lines] == [
        ["✓", "Fine", "500", "ms", "well", "█" * 10],
        ["!", "Slow", "1.50", "s", "look", "█" * 10],
        ["✗", "Wrong", "3", "s", "wrong", "█" * 10],
        ["?", "Gone", "\N{EN DASH}", "no", "data"],
        ["Busy", "40", "s", "█" * 10],
    ]


def test_two_columns_where_there_is_room() -> None:
    lines = shown(*READINGS, width=140).splitlines()[2:]
    assert len(lines) == 3
    assert "Fine" in lines[0]
    assert "Gone" in lines[0]


def test_headlines() -> None:
    assert shown(READINGS[0]).startswith("✓ All is well")
    assert shown(*READINGS[:2]).startswith("! Something wants a look")
    assert shown(READINGS[3]).startswith("? Nothing can be said")


def test_an_alert_says_what_since_when_and_where_to_read_on() -> None:
    since = datetime.fromtimestamp(NOW_S - 200, UTC)
    alert = FiringAlert("LagGrowing", "page", "[behind] the cameras", since, "docs/runbook.md#lag")
    text = shown(READINGS[0], alerts=(alert,))
    assert text.startswith("✗ Something is wrong")
    assert "page LagGrowing for 3 min: [behind] the cameras docs/runbook.md#lag" in text


def test_why_there_is_none() -> None:
    assert no_overview_line("[x] no Prometheus") == "[dim]overview: \\[x] no Prometheus[/]"
