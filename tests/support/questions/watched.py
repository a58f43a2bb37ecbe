"""What Prometheus would have of the generated world: a quarter of an hour with frames shed and a camera gone silent."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

from sightline.operations.alert import FiringAlert
from sightline.operations.figures import FIGURES
from sightline.ports import Clock
from sightline.testing import InMemoryHistory

NOW_VALUES = {
    "alerts": 1,
    "down": 0,
    "cameras_silent": 1,
    "frames": 30.5,
    "people": 47.2,
    "sightings": 6.4,
    "shed": 0.24,
    "dead_letters": 0.4,
    "lag_frames": 12,
    "lag_seconds": 0.31,
    "in_flight": 9,
    "searchable_p50": 0.62,
    "searchable_p95": 1.31,
    "write_p95": 0.048,
    "search_p95": 0.0061,
    "questions": 0.2,
    "questions_p95": None,
    "question_errors": 0.0,
    "triton_queue": 0.0042,
    "hosts": 2,
}
"""Key of a figure -> its value now."""


def watched(clock: Clock) -> InMemoryHistory:
    """Values that are :data:`NOW_VALUES` at the time that the clock has now, and one alert, two minutes old."""
    now_s = clock()
    series = {figure.expression: [_series(NOW_VALUES[figure.key], place, now_s)] for place, figure in enumerate(FIGURES)}
    return InMemoryHistory(series, [silent("car-park", since_s=now_s - 120)])


def silent(camera: str, *, since_s: float) -> FiringAlert:
    """The alert of a camera."""
    return FiringAlert(
        name="SightlineCameraSilent",
        severity="ticket",
        summary=f"No frames from camera {camera}",
        since=datetime.fromtimestamp(since_s, UTC),
        runbook="docs/operations/runbook.md#sightlinecamerasilent",
        dashboard="sightline-cameras",
        panel="3",
    )


def _series(now: float | None, place: int, now_s: float) -> Callable[[float], float | None]:
    """Waves; every third has a gap of two minutes. Whole numbers stay whole."""

    def at(time_s: float) -> float | None:
        ago_s = now_s - time_s
        if now is None or (place % 3 == 2 and 500 < ago_s < 620):
            return None
        value = now * (1 - 0.4 * math.sin(ago_s / 900 * math.tau * (2 + place % 3)))
        return round(value) if isinstance(now, int) else value

    return at
