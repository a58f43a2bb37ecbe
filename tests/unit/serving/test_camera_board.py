"""Figures of the cameras from the states that the stream commits."""

from __future__ import annotations

import pytest

from serving.cameras import WINDOW_S, CameraBoard
from sightline.types import CameraState


class FakeClock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def state(seen: int, *, at_s: float = 1_000_000.0, camera: str = "hall") -> CameraState:
    return CameraState(camera=camera, captured_at_us=int(at_s * 1e6), offset=seen, seen=seen, shed={"stale": 3})


def test_no_camera_has_published(clock: FakeClock) -> None:
    assert CameraBoard(clock).figures() == []


def test_frames_a_second_over_the_window(clock: FakeClock) -> None:
    board = CameraBoard(clock)
    for tick in range(100):
        board.update(state(tick * 5), committed_at_s=clock.now_s - 50 + tick / 2)

    assert board.figures()[0].fps == pytest.approx(10.0)


def test_a_slow_camera_is_not_rounded_to_nothing(clock: FakeClock) -> None:
    board = CameraBoard(clock)
    board.update(state(7), committed_at_s=clock.now_s - 22)
    board.update(state(8), committed_at_s=clock.now_s - 2)

    assert board.figures()[0].fps == pytest.approx(1 / 20)


def test_a_camera_that_stopped_has_no_frames_a_second(clock: FakeClock) -> None:
    board = CameraBoard(clock)
    for tick in range(20):
        board.update(state(tick * 5), committed_at_s=clock.now_s + tick / 2)
    clock.now_s += 10 + WINDOW_S + 1

    assert board.figures()[0].fps == 0.0


def test_a_long_rest_is_forgotten_once_frames_come_again(clock: FakeClock) -> None:
    board = CameraBoard(clock)
    board.update(state(0), committed_at_s=clock.now_s - 3600)
    for tick in range(11):
        board.update(state(tick), committed_at_s=clock.now_s - 1 + tick / 10)

    assert board.figures()[0].fps == pytest.approx(10.0)


def test_lag_is_the_age_of_the_last_frame(clock: FakeClock) -> None:
    board = CameraBoard(clock)
    board.update(state(1, at_s=clock.now_s - 1.5), committed_at_s=clock.now_s)
    board.update(state(1, at_s=clock.now_s + 60, camera="wrong-clock"), committed_at_s=clock.now_s)

    hall, wrong_clock = board.figures()
    assert hall.lag_s == pytest.approx(1.5)
    assert wrong_clock.lag_s == 0.0
    assert hall.shed == {"stale": 3}


def test_a_camera_without_a_frame_yet(clock: FakeClock) -> None:
    board = CameraBoard(clock)
    board.update(CameraState(camera="new"), committed_at_s=clock.now_s)

    assert (board.figures()[0].captured_at_us, board.figures()[0].lag_s) == (None, None)


def test_a_deleted_camera_is_gone(clock: FakeClock) -> None:
    board = CameraBoard(clock)
    board.update(state(1), committed_at_s=clock.now_s)
    board.remove("hall")
    board.remove("never-there")

    assert board.figures() == []
