"""What ``GET /v1/operations`` answers with."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

_RUNBOOK = "Where it says what helps: an address, or a path in this project where metrics.docs_url is not set."
_DASHBOARD = "Address of the Grafana dashboard, or panel, with more; null where metrics.grafana_url is not set."

StateName = Literal["well", "warn", "bad", "unknown", "info"]


class FigureOut(BaseModel):
    """One figure."""

    key: str = Field(description="Its name, which stays.")
    title: str
    value: float | None = Field(description="In the unit's own measure; null where Prometheus has none.")
    unit: Literal["per_second", "per_minute", "seconds", "ratio", "count"] = Field(description="A ratio is 0 to 1.")
    text: str = Field(description="The value for people, as 12.3.")
    text_unit: str = Field(description="What the text counts in, as ms; may be empty.")
    state: StateName = Field(description="info = it has no thresholds; unknown = it has no value.")
    warn: float | None = Field(description="From here on it wants a look; null where there are no thresholds.")
    bad: float | None = Field(description="From here on it is wrong: upwards where it is above warn, else below it.")
    description: str
    runbook: str | None = Field(description=_RUNBOOK)
    dashboard: str | None = Field(description=_DASHBOARD)
    history: list[float | None] = Field(description="A value each step_s, oldest first, the last one of now.")


class AlertOut(BaseModel):
    """An alert that fires."""

    name: str
    severity: str = Field(description="Of its rule: page or ticket where it is ours.")
    state: StateName = Field(description="bad = somebody must act now.")
    summary: str
    since: AwareDatetime
    runbook: str | None = Field(description=_RUNBOOK)
    dashboard: str | None = Field(description=_DASHBOARD)


class OperationsOut(BaseModel):
    """Is it well?"""

    time: AwareDatetime = Field(description="When Prometheus was asked.")
    state: StateName = Field(description="The worst of all figures and alerts.")
    step_s: float = Field(description="Seconds between the values of a history.")
    figures: list[FigureOut] = Field(description="The most telling first.")
    alerts: list[AlertOut] = Field(description="The gravest first.")
