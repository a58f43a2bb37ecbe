"""A listener at the other end of ``metrics.jsonl``: hears of a run that other processes carry out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.metrics_log import EVALUATION, STEP
from training.reports import EvaluationReport, Listener, StepReport


class MetricsFollower:
    """Reads what is new in a run's metrics, and tells a listener.

    A run that goes on from a checkpoint replaces the file by a shorter one: then it is read again from its beginning.

    Args:
        path: of the file; it need not be there yet.
        listener: is told.
    """

    def __init__(self, path: Path, listener: Listener) -> None:
        self._path, self._listener = path, listener
        self._file, self._read = 0, 0

    def poll(self) -> None:
        """Tell of the complete lines that came since the last call."""
        try:
            with self._path.open("rb") as file:
                identity = self._path.stat().st_ino
                if identity != self._file:
                    self._file, self._read = identity, 0
                file.seek(self._read)
                new = file.read()
        except FileNotFoundError:
            return
        complete = new[: new.rfind(b"\n") + 1]
        self._read += len(complete)
        self._tell([json.loads(line) for line in complete.splitlines()])

    def _tell(self, lines: list[dict[str, Any]]) -> None:
        """Runs of steps together, in order with the evaluations between them."""
        steps: list[StepReport] = []
        for line in lines:
            kind = line.pop("kind")
            if kind == STEP:
                steps.append(StepReport(**line))
            elif kind == EVALUATION:
                self._listener.on_steps(steps)
                steps = []
                self._listener.on_evaluation(EvaluationReport(**line))
        if steps:
            self._listener.on_steps(steps)
