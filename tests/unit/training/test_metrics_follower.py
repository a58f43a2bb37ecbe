"""Following a run that another process carries out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.metrics_follower import MetricsFollower
from training.metrics_log import MetricsLog
from training.reports import EvaluationReport, StepReport


class Heard:
    def __init__(self) -> None:
        self.events: list[object] = []

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        self.events += reports

    def on_evaluation(self, report: EvaluationReport) -> None:
        self.events.append(report)


def step(number: int) -> StepReport:
    return StepReport(number, "all", 1, number, 10, 0.1, 1.0 / number, {"softmax": 0.5}, 100.0)


def test_everything_is_told_once_and_in_order(tmp_path: Path) -> None:
    path, heard = tmp_path / "metrics.jsonl", Heard()
    follower = MetricsFollower(path, heard)
    follower.poll()
    assert heard.events == []
    log, evaluation = MetricsLog(path), EvaluationReport(2, "all", 1, "mean_ap", {"rank1": 0.5, "mean_ap": 0.25}, 10, 1.5)
    log.on_steps([step(1), step(2)])
    log.on_evaluation(evaluation)
    follower.poll()
    follower.poll()
    log.on_steps([step(3)])
    with path.open("a") as file:
        file.write('{"kind": "st')
    follower.poll()
    assert heard.events == [step(1), step(2), evaluation, step(3)]


def test_a_run_that_was_resumed_is_followed_from_its_new_file(tmp_path: Path) -> None:
    path, heard = tmp_path / "metrics.jsonl", Heard()
    follower = MetricsFollower(path, heard)
    MetricsLog(path).on_steps([step(1), step(2), step(3)])
    follower.poll()
    resumed = MetricsLog(path, step=1)
    resumed.on_steps([step(2)])
    follower.poll()
    assert heard.events == [step(1), step(2), step(3), step(1), step(2)]
