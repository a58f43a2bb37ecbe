"""Losses on their way to the report."""

from __future__ import annotations

import pytest
import torch

from sightline.errors import TrainingError
from training.loss_log import LossLog
from training.snapshot import Position
from training.world import World


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def log_of(clock: Clock | None = None) -> LossLog:
    return LossLog("joint", batches=9, world=World(), clock=clock or Clock())


def add(log: LossLog, step: int, loss: float, **terms: float) -> None:
    position = Position(epoch=2, batch=step, step=step)
    values = {name: torch.tensor(value) for name, value in terms.items()}
    log.add(torch.tensor(loss, requires_grad=True), values, at=position, rate=0.1, pictures=16)


def test_reports_come_in_order_with_the_speed_since_the_last_reading() -> None:
    clock = Clock()
    log = log_of(clock)
    assert log.read() == []
    add(log, 1, 3.0, softmax=1.0, triplet=2.0)
    add(log, 2, 2.0, softmax=0.5, triplet=1.5)
    clock.now_s += 4
    first, second = log.read()
    assert (first.step, first.loss, first.terms) == (1, 3.0, {"softmax": 1.0, "triplet": 2.0})
    assert (second.step, second.phase, second.epoch, second.batch, second.batches) == (2, "joint", 3, 2, 9)
    assert first.pictures_per_s == second.pictures_per_s == 8.0
    assert log.read() == []


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_names_the_step_and_its_terms(bad: float) -> None:
    log = log_of()
    add(log, 6, 1.0, softmax=0.5, triplet=0.5)
    add(log, 7, bad, softmax=0.5, triplet=bad)
    add(log, 8, float("nan"), softmax=float("nan"), triplet=float("nan"))
    with pytest.raises(TrainingError, match=rf"step 7 \(phase 'joint', epoch 3\): softmax = 0.5, triplet = {bad}"):
        log.read()
