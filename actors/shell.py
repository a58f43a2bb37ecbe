"""What every actor's process of ours has: a log file, a metrics port, and a thread for the work.

If the work ends when nobody asked it to, the process ends too, so that Ray starts the actor again: a half-dead actor
that answers pings and does nothing is the worst of failures.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import threading
from typing import Any, Protocol

from sightline.adapters.ray.cluster import node_address
from sightline.settings import Settings

log = logging.getLogger(__name__)

STOP_S = 25.0
"""How long an actor may take to finish what is at hand."""
_LOG_BYTES, _LOG_FILES = 10 * 1024 * 1024, 2


def open_log(settings: Settings, name: str) -> None:
    """Log to ``<state_dir>/logs/<name>.log``, bounded."""
    folder = settings.state_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(folder / f"{name}.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("kafka").setLevel(logging.WARNING)


class Work(Protocol):
    """What an actor does all its life."""

    def run(self) -> None:
        """Work until ``stop``; blocks."""
        ...

    def stop(self) -> None:
        """Ask ``run`` to finish what is at hand and return; from any thread."""
        ...

    def describe(self) -> dict[str, Any]:
        """How it goes; from any thread."""
        ...


class WorkActor:
    """An actor of one generation, which works in a thread and answers questions meanwhile."""

    def __init__(self, work: Work, generation: str) -> None:
        self._work = work
        self._generation = generation
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)
        self._thread.start()

    def ping(self) -> bool:
        """True once the actor runs."""
        return True

    def generation(self) -> str:
        """Of what it was made: see :func:`sightline.models.generation.generation_of`."""
        return self._generation

    def describe(self) -> dict[str, Any]:
        """Process id and host, and the work's own account."""
        return {"state": "running", "pid": os.getpid(), "host": node_address(), **self._work.describe()}

    def stop(self) -> bool:
        """Finish what is at hand; false if that took longer than ``STOP_S``."""
        self._stopping.set()
        self._work.stop()
        self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work.run()
        except Exception:
            log.exception("the work failed")
        if not self._stopping.is_set():
            log.error("the work ended unasked; this process ends, and Ray starts the actor again")
            logging.shutdown()
            os._exit(1)
