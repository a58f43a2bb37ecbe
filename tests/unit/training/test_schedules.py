"""Every schedule against its formula, written out anew."""

from __future__ import annotations

import math

import pytest

from training.config import Constant, Decay, OneCycle, Polynomial
from training.schedules import rate_factor

EPOCHS = 20
STEPS_AN_EPOCH = 7
PLACES = [step / STEPS_AN_EPOCH for step in range(EPOCHS * STEPS_AN_EPOCH)]


def test_constant_is_one() -> None:
    assert {rate_factor(Constant(), epoch=place, epochs=EPOCHS) for place in PLACES} == {1.0}


def test_decay_goes_down_in_steps_after_its_start() -> None:
    schedule = Decay(factor=0.5, every=4, start=2)
    for step, place in enumerate(PLACES):
        times = max(0, step - 2 * STEPS_AN_EPOCH) // (4 * STEPS_AN_EPOCH)
        assert rate_factor(schedule, epoch=place, epochs=EPOCHS) == pytest.approx(0.5**times)


def test_smooth_decay_is_deep_persons_formula() -> None:
    schedule = Decay(factor=0.001, start=10, every=5, smooth=True)
    for place in PLACES:
        expected = 1.0 if place < 10 else 0.001 ** ((place - 10) / 5)
        assert rate_factor(schedule, epoch=place, epochs=EPOCHS) == pytest.approx(expected)


def test_warm_up_is_a_line_to_one() -> None:
    schedule = Decay(factor=0.5, every=10, start=5, warm_up=5, warm_up_from=0.01)
    assert rate_factor(schedule, epoch=0, epochs=EPOCHS) == pytest.approx(0.01)
    assert rate_factor(schedule, epoch=2.5, epochs=EPOCHS) == pytest.approx(0.505)
    assert rate_factor(schedule, epoch=5, epochs=EPOCHS) == 1.0
    assert rate_factor(schedule, epoch=15, epochs=EPOCHS) == 0.5


def test_dsa_warms_up_to_its_rate_and_halves_it_every_40_epochs() -> None:
    schedule = Decay(factor=0.5, every=40, start=20, warm_up=20, warm_up_from=0.01)
    rates = [8e-4 * rate_factor(schedule, epoch=epoch, epochs=320) for epoch in (0, 10, 20, 59, 60, 100, 319)]
    assert rates == pytest.approx([8e-6, 4.04e-4, 8e-4, 8e-4, 4e-4, 2e-4, 8e-4 / 2**7])


def test_a_step_on_the_border_is_not_lost_to_rounding() -> None:
    assert rate_factor(Decay(factor=0.5, every=0.1), epoch=0.3, epochs=1) == 0.125


def test_polynomial_ends_at_nothing() -> None:
    for place in PLACES:
        expected = math.sqrt(1 - place / EPOCHS)
        assert rate_factor(Polynomial(power=0.5), epoch=place, epochs=EPOCHS) == pytest.approx(expected)


def test_one_cycle_rises_and_falls_as_a_cosine() -> None:
    schedule = OneCycle(rise=0.25, start_divisor=10, end_divisor=100)

    def expected(part: float) -> float:
        if part < 0.25:
            return 0.1 + 0.9 * (1 - math.cos(math.pi * part / 0.25)) / 2
        return 0.01 + 0.99 * (1 + math.cos(math.pi * (part - 0.25) / 0.75)) / 2

    for place in PLACES:
        assert rate_factor(schedule, epoch=place, epochs=EPOCHS) == pytest.approx(expected(place / EPOCHS))
    assert rate_factor(schedule, epoch=5, epochs=EPOCHS) == 1.0
    assert rate_factor(schedule, epoch=EPOCHS, epochs=EPOCHS) == pytest.approx(0.01)
