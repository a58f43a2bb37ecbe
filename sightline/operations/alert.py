"""An alert that fires, as Prometheus tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert that fires.

    Attributes:
        name: of its rule.
        severity: of the label of that name: ``critical``, ``warning`` or ``info``; empty where the rule has none.
        summary: one sentence for people.
        since: when its condition first held.
        runbook: address of what helps; None = the rule names none.
        dashboard: address of the panel that shows it; None = the rule names none.
    """

    name: str
    severity: str
    summary: str
    since: datetime
    runbook: str | None = None
    dashboard: str | None = None
