"""A training run's figures for Prometheus, for as long as the run lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sightline.cli.console import stderr
from sightline.settings import Settings
from sightline.telemetry import MetricsEndpoint, Registry, TrainingMetrics

if TYPE_CHECKING:
    from training.reports import Listener

JOB = "sightline-training"


@contextmanager
def served_figures(settings: Settings, run: str) -> Iterator[list[Listener]]:
    """Listeners that tell Prometheus, found as every process of ours; none where ``metrics.enabled`` is off.

    A run is not lost for its figures: where they cannot be served, that is said, and it goes on without.

    Args:
        settings: where they are served, and where Prometheus looks.
        run: its name, the figures' label ``instance``.
    """
    from training.prometheus_log import PrometheusLog

    if not settings.metrics.enabled:
        yield []
        return
    registry, targets = Registry(), settings.state_dir / "metrics"
    log = PrometheusLog(TrainingMetrics(registry))
    try:
        endpoint = MetricsEndpoint.open(registry, host=settings.metrics.host, job=JOB, instance=run, targets=targets)
    except OSError as error:
        stderr.print(f"Prometheus is not told of this run: {error}", highlight=False, soft_wrap=True)
        yield []
        return
    try:
        yield [log]
    finally:
        endpoint.close()
