"""What is shown while a system is trained."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from support.training_recipe import TinyRecipe

from sightline.cli import train_display
from sightline.cli.train_display import TrainDisplay
from training.reports import EvaluationReport, StepReport


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def step(number: int, *, phase: str, epoch: int, batch: int, softmax: float) -> StepReport:
    terms = {"softmax": softmax} if phase == "identity" else {"softmax": softmax, "colour": 1.0, "spread": 0.5}
    return StepReport(number, phase, epoch, batch, 3, 0.01, 2 * softmax, terms, 250.0)


def console(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> io.StringIO:
    out = io.StringIO()
    monkeypatch.setattr(train_display, "stderr", Console(file=out, force_terminal=terminal, width=160))
    return out


def test_where_nobody_watches_there_is_a_line_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    out, clock = console(monkeypatch, terminal=False), Clock()
    with TrainDisplay(TinyRecipe(), clock=clock) as display:
        display.reading("reading pictures", 0, 30)
        display.reading("reading pictures", 30, 30)
        display.on_steps([])
        display.on_steps([step(1, phase="identity", epoch=1, batch=1, softmax=3.0)])
        clock.now_s = 600.0
        display.on_steps([step(number, phase="identity", epoch=1, batch=number, softmax=2.0) for number in (2, 3)])
        display.on_evaluation(EvaluationReport(3, "identity", 1, "mean_ap", {"rank1": 0.5, "mean_ap": 0.25}, 10, 1.0))
        clock.now_s = 1200.0
        display.on_steps([step(9, phase="all", epoch=1, batch=3, softmax=1.0)])
        display.on_evaluation(EvaluationReport(9, "all", 1, "mean_ap", {"rank1": 0.4, "mean_ap": 0.2}, 10, 1.0))
    lines = out.getvalue().splitlines()
    assert lines == [
        "reading pictures…",
        # 2/3 of an epoch of four in ten minutes, three epochs left
        "identity, epoch 1/2, step 3: loss 4.667 (softmax 2.333); 250 pictures/s; 45 min left",
        "identity, epoch 1, step 3: rank-1 50.0 %, mAP 25.0 % over 10 queries",
        "all, epoch 1/2, step 9: loss 2.000 (softmax 1.000, colour 1.000, spread 0.500); 250 pictures/s; 8 min left",
        "all, epoch 1, step 9: rank-1 40.0 %, mAP 20.0 % over 10 queries",
    ]
    assert display.best is not None
    assert display.last is not None
    assert (display.best.step, display.last.step) == (3, 9)


def test_on_a_terminal_terms_and_rankings_are_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    out = console(monkeypatch, terminal=True)
    with TrainDisplay(TinyRecipe()) as display:
        display.on_steps([step(9, phase="all", epoch=1, batch=2, softmax=1.0)])
        display.on_evaluation(EvaluationReport(9, "all", 1, "mean_ap", {"rank1": 0.4, "mean_ap": 0.2}, 10, 1.0))
    shown = out.getvalue()
    for text in ("loss term", "softmax", "colour", "0.5", "sum", "rank-1 40.0 %", "Ctrl-C", "time left not known yet"):
        assert text in shown
