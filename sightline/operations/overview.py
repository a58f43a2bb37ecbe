"""The overview, read: each figure's value now and over the last minutes, and the alerts that fire."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sightline.operations.alert import FiringAlert
from sightline.operations.figure import Figure, State
from sightline.operations.figures import FIGURES
from sightline.operations.wording import worded
from sightline.ports import MetricsHistory

POINTS = 60
STEP_S = 15.0
"""Together the last quarter of an hour: longer, and what just happened would be a pixel."""
_WORST_FIRST = (State.BAD, State.WARN, State.WELL)


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure, read.

    Attributes:
        figure: what was read.
        history: a value every :data:`STEP_S` seconds, the oldest first, the last one of now; None = none at that time.
    """

    figure: Figure
    history: tuple[float | None, ...]

    @property
    def value(self) -> float | None:
        """Now."""
        return self.history[-1] if self.history else None

    @property
    def state(self) -> State:
        """What is to be thought of it."""
        return self.figure.judge(self.value)

    @property
    def words(self) -> tuple[str, str]:
        """The value's number and unit for people."""
        return worded(self.value, self.figure.unit)


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it.

    Attributes:
        read_at_s: when, seconds since the epoch.
        readings: in the order of the list.
        alerts: those that fire, the gravest first.
    """

    read_at_s: float
    readings: tuple[Reading, ...]
    alerts: tuple[FiringAlert, ...]

    @property
    def state(self) -> State:
        """The worst of all: BAD, WARN or WELL; UNKNOWN where not one figure has a value that can be judged."""
        states = {reading.state for reading in self.readings}
        states |= {alert.state for alert in self.alerts}
        return next((state for state in _WORST_FIRST if state in states), State.UNKNOWN)

    def document(self) -> dict[str, Any]:
        """For JSON: figures by key, with their value, unit and state; and the alerts."""
        figures = {
            reading.figure.key: {"value": reading.value, "unit": reading.figure.unit.value, "state": reading.state.value}
            for reading in self.readings
        }
        alerts = [{**asdict(alert), "since": alert.since.isoformat()} for alert in self.alerts]
        return {"state": self.state.value, "figures": figures, "alerts": alerts}


async def read_overview(history: MetricsHistory, *, now_s: float, figures: Sequence[Figure] = FIGURES) -> Overview:
    """Ask for everything, side by side; takes as long as the slowest answer.

    Raises:
        ServiceError: Prometheus does not answer, or refuses a question.
    """
    asked = [history.values(item.expression, end_s=now_s, step_s=STEP_S, points=POINTS) for item in figures]
    answers, alerts = await asyncio.gather(asyncio.gather(*asked), history.alerts())
    readings = tuple(Reading(item, values) for item, values in zip(figures, answers, strict=True))
    return Overview(now_s, readings, tuple(_distinct(sorted(alerts, key=_gravest_first))))


def _distinct(alerts: Sequence[FiringAlert]) -> list[FiringAlert]:
    """Of those that say the same, as an objective's over several windows, the one that has fired longest."""
    said: dict[tuple[str, str, str], FiringAlert] = {}
    for alert in alerts:
        said.setdefault((alert.name, alert.severity, alert.summary), alert)
    return list(said.values())


def _gravest_first(alert: FiringAlert) -> tuple[int, str, datetime]:
    return _WORST_FIRST.index(alert.state), alert.name, alert.since
