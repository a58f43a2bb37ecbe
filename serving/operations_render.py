"""The overview to its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from serving.operations_schemas import AlertOut, FigureOut, OperationsOut
from sightline.operations.alert import FiringAlert
from sightline.operations.overview import STEP_S, Overview, Reading


@dataclass(frozen=True, slots=True)
class Links:
    """Where people find more.

    Attributes:
        grafana_url: of the Grafana with our dashboards; None = there is none.
        docs_url: where this project can be read; None = nowhere on the web.
    """

    grafana_url: str | None = None
    docs_url: str | None = None

    def dashboard(self, uid: str | None, panel: str | None = None) -> str | None:
        """The address of the dashboard, or of one panel of it."""
        if not self.grafana_url or not uid:
            return None
        return f"{self.grafana_url.rstrip('/')}/d/{uid}" + (f"?viewPanel={panel}" if panel else "")

    def document(self, path: str | None) -> str | None:
        """The document's address; the path itself where that is all that is known. Addresses stay as they are."""
        if not path or not self.docs_url or "://" in path:
            return path
        return f"{self.docs_url.rstrip('/')}/{path}"


def operations_out(overview: Overview, links: Links) -> OperationsOut:
    """All of it."""
    return OperationsOut(
        time=datetime.fromtimestamp(overview.read_at_s, UTC),
        state=overview.state.value,
        step_s=STEP_S,
        figures=[_figure_out(reading, links) for reading in overview.readings],
        alerts=[_alert_out(alert, links) for alert in overview.alerts],
    )


def _figure_out(reading: Reading, links: Links) -> FigureOut:
    figure, (text, text_unit) = reading.figure, reading.words
    return FigureOut(
        key=figure.key,
        title=figure.title,
        value=reading.value,
        unit=figure.unit.value,
        text=text,
        text_unit=text_unit,
        state=reading.state.value,
        warn=figure.thresholds.warn if figure.thresholds else None,
        bad=figure.thresholds.bad if figure.thresholds else None,
        description=figure.description,
        runbook=links.document(figure.runbook),
        dashboard=links.dashboard(figure.dashboard),
        history=list(reading.history),
    )


def _alert_out(alert: FiringAlert, links: Links) -> AlertOut:
    return AlertOut(
        name=alert.name,
        severity=alert.severity,
        state=alert.state.value,
        summary=alert.summary,
        since=alert.since,
        runbook=links.document(alert.runbook),
        dashboard=links.dashboard(alert.dashboard, alert.panel),
    )
