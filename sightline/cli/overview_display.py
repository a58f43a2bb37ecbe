"""The overview on a terminal: a line a figure, with its state as mark and word, and the alerts that fire."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table

from sightline.cli.sparkline import sparkline
from sightline.operations.alert import FiringAlert
from sightline.operations.figure import State
from sightline.operations.overview import Overview, Reading
from sightline.operations.wording import age

STYLES = {State.WELL: "green", State.WARN: "yellow", State.BAD: "bold red", State.UNKNOWN: "dim", State.INFO: ""}
MARKS = {State.WELL: "✓", State.WARN: "!", State.BAD: "✗", State.UNKNOWN: "?", State.INFO: " "}
WORDS = {State.WELL: "well", State.WARN: "look", State.BAD: "wrong", State.UNKNOWN: "no data", State.INFO: ""}
HEADLINES = {
    State.WELL: "All is well",
    State.WARN: "Something wants a look",
    State.BAD: "Something is wrong",
    State.UNKNOWN: "Nothing can be said: no figure has a value yet",
}
SPARKLINE_WIDTH = 20
TWO_COLUMNS = 132
"""From this width on figures stand in two columns."""


class OverviewDisplay:
    """Rendered by rich in the width that there is."""

    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        state = self._overview.state
        yield f"[{STYLES[state]}]{MARKS[state]} {HEADLINES[state]}[/]"
        yield ""
        yield _figures(self._overview.readings, columns=2 if options.max_width >= TWO_COLUMNS else 1)
        for alert in self._overview.alerts:
            yield _alert_line(alert, self._overview.read_at_s)


def no_overview_line(why: str) -> str:
    """In place of the overview."""
    return f"[dim]overview: {escape(why)}[/]"


def _figures(readings: Sequence[Reading], *, columns: int) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for _ in range(columns):
        for justify in ("left", "right", "left", "left", "left"):
            table.add_column(justify=justify, no_wrap=True)
    rows = -(-len(readings) // columns)
    for row in range(rows):
        table.add_row(*(cell for reading in readings[row::rows] for cell in _cells(reading)))
    return table


def _cells(reading: Reading) -> tuple[RenderableType, ...]:
    style, state = STYLES[reading.state] or "default", reading.state
    number, unit = reading.words
    past = sparkline(reading.history, width=SPARKLINE_WIDTH)
    return (
        f"[{style}]{MARKS[state]}[/] {escape(reading.figure.title)}",
        f"[bold]{number}[/]",
        f"[dim]{unit}[/]",
        f"[{style}]{WORDS[state]}[/]",
        f"[{style}]{past}[/]",
    )


def _alert_line(alert: FiringAlert, now_s: float) -> str:
    style = STYLES[alert.state]
    since = age(now_s - alert.since.timestamp())
    said = f"[{style}]{escape(alert.severity or 'alert')}[/] [bold]{escape(alert.name)}[/] for {since}"
    where = f" [dim]{escape(alert.runbook)}[/]" if alert.runbook else ""
    return f"{said}: {escape(alert.summary)}{where}"
