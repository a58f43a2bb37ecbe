"""Summaries of samples, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.summaries import percentiles, slope_per_minute


def test_percentiles_lie_between_the_samples_on_a_straight_line() -> None:
    found = percentiles([float(value) for value in range(101)])
    assert (found.count, found.p50, found.p95, found.p99, found.largest) == (101, 50.0, 95.0, 99.0, 100.0)


def test_one_sample_is_every_percentile() -> None:
    found = percentiles([3.0])
    assert (found.p50, found.p99, found.largest) == (3.0, 3.0, 3.0)


def test_percentiles_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="expected samples"):
        percentiles([])


def test_slope_is_that_of_the_line() -> None:
    times_s = [1000.0 + step for step in range(30)]
    assert slope_per_minute(times_s, [5 + 0.5 * step for step in range(30)]) == pytest.approx(30.0)


def test_noise_round_a_level_has_no_slope() -> None:
    rng = np.random.default_rng(0)
    values = 100 + rng.standard_normal(600)
    assert abs(slope_per_minute([step / 10 for step in range(600)], list(values))) < 1.0


def test_slope_of_one_sample_is_none_to_speak_of() -> None:
    assert slope_per_minute([1.0], [2.0]) == 0.0


def test_slope_needs_a_time_for_each_value() -> None:
    with pytest.raises(ValueError, match="as many times"):
        slope_per_minute([1.0, 2.0], [1.0])
