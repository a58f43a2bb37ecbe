"""One figure of the overview: what it is, how Prometheus is asked for it, and from where on it is no longer well."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RUNBOOK = "docs/operations/runbook.md"


class Unit(StrEnum):
    """What a figure counts in. The values are in the API: keep them stable."""

    PER_SECOND = "per_second"
    PER_MINUTE = "per_minute"
    SECONDS = "seconds"
    RATIO = "ratio"
    """0 to 1; shown as a percentage."""
    COUNT = "count"


class State(StrEnum):
    """What is to be thought of a figure. The values are in the API: keep them stable."""

    WELL = "well"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"
    """Prometheus has no value: nothing runs that would give one, or nothing happened."""
    INFO = "info"
    """It has no thresholds: as much as there is to do, neither well nor bad."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a figure is no longer well. Which way is worse follows from their order.

    Attributes:
        warn, bad: in the figure's unit. ``bad`` above ``warn``: from there upwards. ``bad`` below it: below there.

    Raises:
        ValueError: they are the same, so that neither way is worse.
    """

    warn: float
    bad: float

    def __post_init__(self) -> None:
        if self.warn == self.bad:
            raise ValueError(f"expected two different thresholds, got {self.warn} twice")

    @property
    def higher_is_worse(self) -> bool:
        return self.bad > self.warn

    def judge(self, value: float) -> State:
        """WELL, WARN or BAD."""
        if self.higher_is_worse:
            return State.BAD if value >= self.bad else State.WARN if value >= self.warn else State.WELL
        return State.BAD if value < self.bad else State.WARN if value < self.warn else State.WELL


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        key: its name in the API.
        title: for people, a few words.
        expression: PromQL whose answer is one series, or none.
        unit: of its values.
        description: what it is and what moves it, one or two sentences.
        dashboard: uid of the Grafana dashboard that shows more.
        thresholds: None = nothing to judge by.
        alert: rule of ``infra/prometheus/rules/alerts.yml`` that fires when it stays bad; None = there is none.
    """

    key: str
    title: str
    expression: str
    unit: Unit
    description: str
    dashboard: str
    thresholds: Thresholds | None = None
    alert: str | None = None

    @property
    def runbook(self) -> str | None:
        """The section of the runbook that helps: it is named as the alert."""
        return f"{RUNBOOK}#{self.alert.lower()}" if self.alert else None

    def judge(self, value: float | None) -> State:
        """What is to be thought of this value; None = Prometheus has none."""
        if value is None:
            return State.UNKNOWN
        return self.thresholds.judge(value) if self.thresholds else State.INFO
