"""The learning rate by the place in a phase, as a factor of the optimiser's rate. See :mod:`training.config` for the kinds.

``epoch`` is a place in the phase, from 0 to ``epochs``: 2.5 = half of the third epoch is done.
"""

from __future__ import annotations

import math

from training.config import Decay, OneCycle, Polynomial, Schedule

_ROUNDING = 1e-9
"""A place such as 0.3 / 0.1 must not fall just short of the step that it stands for."""


def rate_factor(schedule: Schedule, *, epoch: float, epochs: int) -> float:
    """What the optimiser's rate is multiplied with at ``epoch`` of a phase of ``epochs``."""
    match schedule:
        case Decay():
            return _decay(schedule, epoch)
        case Polynomial():
            return float((1 - epoch / epochs) ** schedule.power)
        case OneCycle():
            return _one_cycle(schedule, epoch / epochs)
    return 1.0


def _decay(schedule: Decay, epoch: float) -> float:
    if epoch < schedule.warm_up:
        return schedule.warm_up_from + (1 - schedule.warm_up_from) * epoch / schedule.warm_up
    times = max(0.0, epoch - schedule.start) / schedule.every
    return float(schedule.factor ** (times if schedule.smooth else math.floor(times + _ROUNDING)))


def _one_cycle(schedule: OneCycle, part: float) -> float:
    if part < schedule.rise:
        return _cosine(1 / schedule.start_divisor, 1.0, part / schedule.rise)
    return _cosine(1.0, 1 / schedule.end_divisor, (part - schedule.rise) / (1 - schedule.rise))


def _cosine(first: float, last: float, part: float) -> float:
    """From ``first`` to ``last`` along half a cosine wave, level at both ends."""
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2
