"""A run's figures as gauges."""

from __future__ import annotations

from sightline.telemetry import Registry, TrainingMetrics
from training.prometheus_log import PrometheusLog
from training.reports import EvaluationReport, StepReport


def _values(registry: Registry) -> dict[tuple[str, str], float]:
    """(Name without its prefix, label) -> value."""
    samples = [sample for family in registry.collect() for sample in family.samples]
    return {(one.name.removeprefix("sightline_training_"), "".join(one.labels.values())): one.value for one in samples}


def test_the_last_step_and_the_last_validation_count() -> None:
    registry = Registry()
    log = PrometheusLog(TrainingMetrics(registry))
    log.on_steps([])
    first = StepReport(1, "softmax", 1, 1, 2, 0.1, 3.0, {"softmax": 2.0, "centre": 1.0}, 90.0)
    log.on_steps([first, StepReport(2, "triplet", 1, 2, 2, 0.05, 1.5, {"triplet": 0.5}, 100.0)])
    log.on_evaluation(EvaluationReport(2, "triplet", 1, "mean_ap", {"rank1": 0.5, "mean_ap": 0.25}, 10, 1.5))
    log.on_evaluation(EvaluationReport(4, "triplet", 2, "mean_ap", {"rank1": 0.75, "mean_ap": 0.5}, 10, 1.5))
    assert _values(registry) == {
        ("loss", "sum"): 1.5,
        ("loss", "triplet"): 0.5,
        ("step", ""): 2,
        ("epoch", "triplet"): 1,
        ("learning_rate", ""): 0.05,
        ("pictures_per_second", ""): 100,
        ("validation", "rank1"): 0.75,
        ("validation", "mean_ap"): 0.5,
    }


def test_terms_of_an_earlier_phase_are_gone() -> None:
    registry = Registry()
    log = PrometheusLog(TrainingMetrics(registry))
    for number, (phase, term) in enumerate([("a", "softmax"), ("b", "triplet")], start=1):
        log.on_steps([StepReport(number, phase, 1, 1, 1, 0.1, 1.0, {term: 1.0}, 1.0)])
    assert {label for name, label in _values(registry) if name in ("loss", "epoch")} == {"sum", "triplet", "b"}
