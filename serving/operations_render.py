"""The overview to its answer."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from serving.operations_schemas import AlertOut, FigureOut, OperationsOut
from sightline.operations.overview import STEP_S, Overview, Reading


def operations_out(overview: Overview) -> OperationsOut:
    """All of it."""
    return OperationsOut(
        time=datetime.fromtimestamp(overview.read_at_s, UTC),
        state=overview.state.value,
        step_s=STEP_S,
        figures=[_figure_out(reading) for reading in overview.readings],
        alerts=[AlertOut(**asdict(alert)) for alert in overview.alerts],
    )


def _figure_out(reading: Reading) -> FigureOut:
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
        runbook=figure.runbook,
        dashboard=figure.dashboard,
        history=list(reading.history),
    )
