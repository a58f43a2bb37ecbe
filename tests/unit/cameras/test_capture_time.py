"""Capture times of live streams, and the count of what is missing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sightline.cameras.capture_time import CaptureClock, GapCounter

WALL_US = 1_700_000_000_000_000
PERIOD_US = 100_000


def test_the_smallest_delay_decides() -> None:
    clock = CaptureClock()
    delays_us = [300_000, 50_000, 200_000, 60_000, 55_000]
    captured = [
        clock.captured_at_us(index * PERIOD_US, arrived_us=WALL_US + index * PERIOD_US + delay)
        for index, delay in enumerate(delays_us)
    ]
    assert captured[0] == WALL_US + 300_000  # nothing better is known yet
    for index, time_us in list(enumerate(captured))[3:]:  # time has caught up with the late first one
        assert abs(time_us - (WALL_US + index * PERIOD_US + 50_000)) < 100


def test_a_clock_that_runs_apart_is_followed() -> None:
    clock = CaptureClock()
    slow = 1 - 50e-6
    hour = 36_000
    for index in range(hour):
        last_us = clock.captured_at_us(round(index * PERIOD_US * slow), arrived_us=WALL_US + index * PERIOD_US)
    assert abs(last_us - (WALL_US + (hour - 1) * PERIOD_US)) < 1_000


def test_a_stream_whose_time_begins_anew_is_laid_on_the_clock_again() -> None:
    clock = CaptureClock()
    clock.captured_at_us(90_000_000, arrived_us=WALL_US)
    assert clock.captured_at_us(0, arrived_us=WALL_US + PERIOD_US) == WALL_US + PERIOD_US
    clock.restart()
    assert clock.captured_at_us(500_000_000, arrived_us=WALL_US + 2 * PERIOD_US) == WALL_US + 2 * PERIOD_US


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**16)), min_size=2, max_size=30))
def test_capture_times_only_ever_rise(stamps: list[tuple[int, int]]) -> None:
    clock = CaptureClock()
    times = [clock.captured_at_us(stream_us, arrived_us=arrived_us) for stream_us, arrived_us in stamps]
    assert all(later > earlier for earlier, later in pairwise(times))


def observed(*indices: int, declared_fps: float | None = None) -> GapCounter:
    gaps = GapCounter()
    gaps.connected(declared_fps)
    for index in indices:
        gaps.observe(index * PERIOD_US)
    return gaps


def test_an_unbroken_stream_has_lost_nothing() -> None:
    assert observed(*range(500)).lost == 0


def test_each_missing_picture_is_counted() -> None:
    assert observed(*(index for index in range(500) if index not in {100, 200, 201, 202, 499})).lost == 4


def test_the_declared_rate_serves_until_the_real_one_is_known() -> None:
    assert observed(0, 5, declared_fps=10).lost == 4
    assert observed(0, 5).lost == 0


def test_a_new_rate_is_learnt() -> None:
    half = observed(*range(100), *range(100, 400, 2))
    assert half.lost <= 16
    before = half.lost
    half.observe(410 * PERIOD_US)
    assert half.lost == before + 5


def test_jitter_is_no_loss() -> None:
    gaps = GapCounter()
    gaps.connected(10)
    for index in range(300):
        gaps.observe(index * PERIOD_US + (index * 7919) % 40_000 - 20_000)
    assert gaps.lost == 0


def test_a_camera_that_sets_its_clock_has_lost_nothing() -> None:
    assert observed(*range(50), *range(1_000_000, 1_000_050), *range(50)).lost == 0


def test_an_outage_counts_as_its_length_times_the_rate() -> None:
    gaps = observed(*range(50))
    gaps.outage(31 * PERIOD_US)
    gaps.connected(None)
    gaps.observe(0)
    gaps.observe(PERIOD_US)
    assert gaps.lost == 30
