"""What a dashboard is: sections of panels, each with queries, a unit and words. Grafana's own model is made in ``sdk.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sightline.operations.figure import Thresholds

GRID_COLUMNS = 24
"""How wide Grafana's grid is."""


class Kind(StrEnum):
    """How a panel shows its series."""

    STAT = "stat"
    """The last value, large, over a sparkline."""
    GRAPH = "timeseries"
    STACK = "stacked timeseries"
    HEATMAP = "heatmap"
    """A histogram over time; the query gives increases by ``le``."""
    TABLE = "table"
    """The labels of the series that there are now."""
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        number: its id within the dashboard. Links lead to it, so it stays when panels come and go.
        title: for people.
        queries: PromQL by legend; a legend may name labels, as ``{{camera}}``.
        unit: Grafana's name of the unit.
        description: what it shows and what to make of it.
        kind: how.
        thresholds: from where on it is no longer well; None = nothing to judge by.
        alerts: rules whose alerts lead here; each has a section in the runbook.
        dashboard: uid of another dashboard with more; None = this is it.
        size: width and height on the grid; None = what is usual for its kind.
        text: of a TEXT panel, Markdown.
    """

    number: int
    title: str
    queries: Mapping[str, str]
    unit: str
    description: str
    kind: Kind = Kind.GRAPH
    thresholds: Thresholds | None = None
    alerts: tuple[str, ...] = ()
    dashboard: str | None = None
    size: tuple[int, int] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under a heading, set from left to right and on into the next line."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of the dashboard: values of a label, several or all.

    Attributes:
        name: as queries say it, ``$name``.
        label: for people.
        query: Grafana's ``label_values(metric, label)``.
    """

    name: str
    label: str
    query: str


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    description: str
    sections: tuple[Section, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All of them, in order."""
        return tuple(panel for section in self.sections for panel in section.panels)
