"""The lines that programs read."""

from __future__ import annotations

from pathlib import Path

from training.metrics_log import EVALUATION, STEP, MetricsLog, read_metrics
from training.reports import EvaluationReport, StepReport


def report(step: int) -> StepReport:
    return StepReport(step, "all", 1, step, 10, 0.1, 1.0 / step, {"softmax": 0.1 * step}, 100.0)


def test_steps_and_evaluations_are_lines_of_json(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.on_steps([report(1), report(2)])
    log.on_steps([])
    log.on_evaluation(EvaluationReport(2, "all", 1, "mean_ap", {"rank1": 0.5, "mean_ap": 0.25}, 10, 1.5))
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert [line["kind"] for line in lines] == [STEP, STEP, EVALUATION]
    assert lines[1] | {"loss": 0.5, "terms": {"softmax": 0.2}} == lines[1]
    assert lines[2]["figures"] == {"rank1": 0.5, "mean_ap": 0.25}


def test_a_resumed_run_drops_what_it_does_again_and_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    MetricsLog(path).on_steps([report(step) for step in range(1, 6)])
    with path.open("a") as file:
        file.write('{"kind": "step", "st')
    log = MetricsLog(path, step=3)
    log.on_steps([report(4)])
    assert [line["step"] for line in read_metrics(path)] == [1, 2, 3, 4]


def test_a_new_run_begins_an_empty_file(tmp_path: Path) -> None:
    assert read_metrics(tmp_path / "metrics.jsonl") == []
    MetricsLog(tmp_path / "metrics.jsonl")
    assert (tmp_path / "metrics.jsonl").read_text() == ""
