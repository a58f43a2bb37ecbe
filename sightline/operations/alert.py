"""An alert that fires, as Prometheus tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sightline.operations.figure import State

_ACT_NOW = ("page", "critical")
"""Ours, and what most others' rules call it."""


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert that fires.

    Attributes:
        name: of its rule.
        severity: of the label of that name: ``page`` or ``ticket`` of our rules; empty where the rule has none.
        summary: one sentence for people.
        since: when its condition first held.
        runbook: where it says what helps, as the rule names it; None = it names none.
        dashboard: uid of the Grafana dashboard to look at; None = the rule names none.
        panel: number of the panel there; None = the whole dashboard.
    """

    name: str
    severity: str
    summary: str
    since: datetime
    runbook: str | None = None
    dashboard: str | None = None
    panel: str | None = None

    @property
    def state(self) -> State:
        """BAD where somebody must act now, else WARN."""
        return State.BAD if self.severity in _ACT_NOW else State.WARN
