"""How a run goes, for Prometheus."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.telemetry import TrainingMetrics
from training.reports import EvaluationReport, StepReport

SUM = "sum"
"""The term that is the weighted sum of the others."""


class PrometheusLog:
    """Losses by term, rate, speed and validation as gauges. See :class:`training.reports.Listener`."""

    def __init__(self, metrics: TrainingMetrics) -> None:
        self._metrics = metrics

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        if not reports:
            return
        last, metrics = reports[-1], self._metrics
        metrics.loss.clear()  # another phase may have other terms
        for term, value in {SUM: last.loss, **last.terms}.items():
            metrics.loss.labels(term).set(value)
        metrics.step.set(last.step)
        metrics.epoch.clear()
        metrics.epoch.labels(last.phase).set(last.epoch)
        metrics.learning_rate.set(last.rate)
        metrics.speed.set(last.pictures_per_s)

    def on_evaluation(self, report: EvaluationReport) -> None:
        for figure, value in report.figures.items():
            self._metrics.validation.labels(figure).set(value)
