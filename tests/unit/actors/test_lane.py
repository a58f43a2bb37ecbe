"""A partition's frames: worked on side by side, their effects in order, committed from the oldest."""

from __future__ import annotations

import asyncio
import random

import pytest

from actors.lane import Lane, Turn
from actors.outcome import Outcome, OutcomeKind


def outcome(offset: int) -> Outcome:
    return Outcome(offset, OutcomeKind.SEEN, "c", None)


def test_effects_happen_in_order_however_long_each_frame_takes() -> None:
    async def run() -> list[int]:
        lane, order, rng = Lane(0, {}), [], random.Random(1)

        async def way(turn: Turn, offset: int) -> Outcome:
            await asyncio.sleep(rng.random() / 100)
            async with turn:
                order.append(offset)
            await asyncio.sleep(rng.random() / 100)
            return outcome(offset)

        for offset in range(30):
            lane.add(lambda turn, offset=offset: way(turn, offset))
        while len(lane.completed()) < 30:
            await asyncio.sleep(0.005)
        assert [one.offset for one in lane.completed()] == list(range(30))
        return order

    assert asyncio.run(run()) == list(range(30))


def test_only_the_oldest_finished_frames_are_ready() -> None:
    async def run() -> None:
        lane, gate = Lane(0, {}), asyncio.Event()

        async def slow(turn: Turn) -> Outcome:
            async with turn:
                await gate.wait()
            return outcome(1)

        async def quick(turn: Turn, offset: int) -> Outcome:
            async with turn:
                return outcome(offset)

        lane.add(lambda turn: quick(turn, 0))
        lane.add(slow)
        lane.add(lambda turn: quick(turn, 2))
        await asyncio.sleep(0.01)
        assert [one.offset for one in lane.completed()] == [0]
        lane.forget(1)
        gate.set()
        await asyncio.sleep(0.01)
        assert [one.offset for one in lane.completed()] == [1, 2]

    asyncio.run(run())


def test_nobody_goes_on_after_a_frame_that_failed_in_its_turn() -> None:
    async def run() -> None:
        lane, reached = Lane(0, {}), []

        async def fail(turn: Turn) -> Outcome:
            async with turn:
                raise RuntimeError("boom")

        async def after(turn: Turn) -> Outcome:
            async with turn:
                reached.append(1)
            return outcome(1)

        lane.add(fail)
        lane.add(after)
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="boom"):
            lane.completed()
        assert not reached
        lane.drop()
        assert len(lane) == 0

    asyncio.run(run())
