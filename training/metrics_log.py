"""``metrics.jsonl``: a line of JSON for each step and each evaluation, for programs and plots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.reports import EvaluationReport, StepReport

STEP = "step"
EVALUATION = "evaluation"
"""Values of ``kind``; the other names of a line are the report's."""


class MetricsLog:
    """Appends to a file. See :class:`training.reports.Listener`.

    Args:
        path: of the file.
        step: where the run goes on from. Lines of later steps, and one that a kill cut short, are dropped: those steps are
            done again.
    """

    def __init__(self, path: Path, *, step: int = 0) -> None:
        self._path = path
        kept = [line for line in read_metrics(path) if line["step"] <= step]
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text("".join(map(_line, kept)))
        partial.replace(path)

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        self._append({"kind": STEP} | asdict(report) for report in reports)

    def on_evaluation(self, report: EvaluationReport) -> None:
        self._append([{"kind": EVALUATION} | asdict(report)])

    def _append(self, lines: Iterable[dict[str, Any]]) -> None:
        with self._path.open("a") as file:
            file.writelines(map(_line, lines))


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, each as a mapping with its ``kind``; one that was cut short is left out. [] without a file."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values) + "\n"
