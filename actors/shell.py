"""What every actor's process of ours has: a log file, a metrics port, and a thread for the work.

If the work ends when nobody asked it to, the process ends too, so that Ray starts the actor again: a half-dead actor
that answers pings and does nothing is the worst of failures.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import threading
from collections.abc import Callable

from sightline.settings import Settings
from sightline.telemetry import MetricsEndpoint, Registry

log = logging.getLogger(__name__)

_LOG_BYTES, _LOG_FILES = 10 * 1024 * 1024, 2


def open_log(settings: Settings, name: str) -> None:
    """Log to ``<state_dir>/logs/<name>.log``, bounded."""
    folder = settings.local.state_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(folder / f"{name}.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("kafka").setLevel(logging.WARNING)


def open_metrics(settings: Settings, registry: Registry, *, job: str, name: str) -> None:
    """Serve this process's metrics and tell Prometheus where, if ``metrics.enabled``."""
    if settings.metrics.enabled:
        targets = settings.local.state_dir / "metrics"
        MetricsEndpoint.open(registry, host=settings.metrics.host, job=job, instance=name, targets=targets)


class Workbench:
    """Runs the work of an actor in a thread until it is stopped."""

    def __init__(self, run: Callable[[], None], stop: Callable[[], None]) -> None:
        self._run = run
        self._stop = stop
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="work", daemon=True)

    def start(self) -> None:
        """Begin the work; returns at once."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Ask the work to end and wait; false if it did not in time."""
        self._stopping.set()
        self._stop()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            self._run()
        finally:
            if not self._stopping.is_set():
                log.exception("the work ended unasked; this process ends, and Ray starts the actor again")
                logging.shutdown()
                os._exit(1)
