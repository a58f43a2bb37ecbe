"""The bound on what waits for Kafka."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from sightline.adapters.kafka.in_flight import InFlight


class ManualClock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def in_flight(max_frames: int = 3, max_bytes: int = 100, patience_s: float = 60, clock: ManualClock | None = None) -> InFlight:
    return InFlight(max_frames=max_frames, max_bytes=max_bytes, patience_s=patience_s, clock=clock or ManualClock())


def entering(bound: InFlight, size: int) -> Future[bool]:
    """``enter`` on a thread of its own, given a moment to get through if it can."""
    pool = ThreadPoolExecutor(max_workers=1)
    entered = pool.submit(bound.enter, size)
    pool.shutdown(wait=False)
    return entered


def is_blocked(entered: Future[bool]) -> bool:
    try:
        entered.result(timeout=0.2)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize(("held", "asked"), [([1, 1, 1], 1), ([60], 41)])
def test_a_full_bound_blocks_until_there_is_room(held: list[int], asked: int) -> None:
    bound = in_flight()
    for size in held:
        bound.enter(size)
    entered = entering(bound, asked)
    assert is_blocked(entered)
    bound.leave(held[0], acknowledged=True)
    entered.result(timeout=30)
    assert bound.wait_until_empty(0) == len(held)


def test_where_nothing_is_acknowledged_patience_ends() -> None:
    clock = ManualClock()
    bound = in_flight(max_frames=1, patience_s=5, clock=clock)
    assert bound.enter(1)
    clock.now_s += 4
    entered = entering(bound, 1)
    assert is_blocked(entered)
    clock.now_s += 1
    assert not bound.enter(1)
    assert not entered.result(timeout=30)  # it must not take the room that comes free below
    bound.leave(1, acknowledged=True)
    assert bound.enter(1)


def test_a_message_larger_than_the_bound_goes_alone() -> None:
    bound = in_flight()
    bound.enter(1000)
    entered = entering(bound, 1)
    assert is_blocked(entered)
    bound.leave(1000, acknowledged=True)
    entered.result(timeout=30)


def test_the_end_reaches_those_who_wait_and_an_acknowledgement_makes_it_void() -> None:
    bound = in_flight(max_frames=1)
    bound.enter(1)
    entered = entering(bound, 1)
    assert is_blocked(entered)
    assert bound.end(ConnectionError("gone"))
    assert not bound.end(ConnectionError("still gone"))
    with pytest.raises(ConnectionError, match="gone"):
        entered.result(timeout=30)
    with pytest.raises(ConnectionError, match=r"^gone"):  # the first reason is the reason
        bound.enter(1)
    bound.leave(1, acknowledged=True)
    bound.enter(1)


def test_silence_is_the_time_since_the_last_progress_while_something_waits() -> None:
    clock = ManualClock()
    bound = in_flight(clock=clock)
    clock.now_s = 1000.0
    assert bound.silent_s == 0
    bound.enter(1)
    bound.enter(1)
    clock.now_s += 4
    assert bound.silent_s == 4
    bound.leave(1, acknowledged=False)
    assert bound.silent_s == 4
    bound.enter(1)
    bound.leave(1, acknowledged=True)
    assert bound.silent_s == 0
    clock.now_s += 2
    assert bound.silent_s == 2
    bound.leave(1, acknowledged=True)
    assert bound.silent_s == 0
    assert bound.wait_until_empty(0) == 0
