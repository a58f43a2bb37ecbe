"""When pictures are due, and which ones are taken."""

from __future__ import annotations

import threading

import pytest

from sightline.cameras.pacing import Pacer, RateLimit


class ManualTime(threading.Event):
    """A clock that moves only when somebody waits on this event, as much as they wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(round(timeout, 6))
        self.now_s += timeout
        return self.is_set()


def test_pictures_appear_at_the_distances_at_which_they_were_taken() -> None:
    time = ManualTime()
    pacer = Pacer(paced=True, clock=time, stopped=time)
    assert all(pacer.wait_until(captured_us) for captured_us in (5_000_000, 5_100_000, 5_150_000, 8_000_000))
    assert time.waits == [0.1, 0.05, 2.85]


def test_a_reader_that_is_late_catches_up() -> None:
    time = ManualTime()
    pacer = Pacer(paced=True, clock=time, stopped=time)
    pacer.wait_until(0)
    time.now_s += 0.25
    assert all(pacer.wait_until(captured_us) for captured_us in (100_000, 200_000, 300_000))
    assert time.waits == [0.05]


def test_unpaced_pictures_never_wait() -> None:
    time = ManualTime()
    pacer = Pacer(paced=False, clock=time, stopped=time)
    assert all(pacer.wait_until(captured_us) for captured_us in (0, 10_000_000))
    assert time.waits == []


@pytest.mark.parametrize("paced", [True, False])
def test_stopping_ends_the_wait(paced: bool) -> None:
    time = ManualTime()
    pacer = Pacer(paced=paced, clock=time, stopped=time)
    time.set()
    assert not pacer.wait_until(0)


@pytest.mark.parametrize(("source_fps", "asked"), [(25, 10), (30, 10), (30, 7), (29.97, 15), (10, 9.9), (60, 0.5)])
def test_the_rate_is_that_asked_for_over_any_length(source_fps: float, asked: float) -> None:
    limit = RateLimit(asked)
    taken = sum(limit.takes(round(index * 1e6 / source_fps)) for index in range(round(source_fps * 100)))
    assert abs(taken - 100 * asked) <= 1


@pytest.mark.parametrize("asked", [None, 10, 50])
def test_a_rate_at_or_above_the_sources_takes_all_even_with_jitter(asked: float | None) -> None:
    limit = RateLimit(asked)
    jitter_us = (0, 9_000, -9_000, 4_000, -4_000)
    assert all(limit.takes(1_000_000 + index * 100_000 + jitter_us[index % 5]) for index in range(200))
