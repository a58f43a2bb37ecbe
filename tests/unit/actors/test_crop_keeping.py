"""Keeping crops: a store that is slow holds up its own frame, not the decoding of others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import world

from actors.frame_way import FrameWay
from actors.lane import Lane, Turn
from actors.outcome import Outcome
from sightline.settings import load_settings
from sightline.stages.ladder import Degradations, Ladder
from sightline.stages.perception import Perception
from sightline.telemetry import Registry, StreamMetrics
from sightline.wire import Record, frame_to_message

PERSON, NOBODY = 7, 0
"""Numbers of frames of the made-up world."""


class SlowStore(world.Crops):
    """Keeps nothing until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.opened = threading.Event(), threading.Event()

    def put(self, key: str, data: bytes) -> None:
        self.asked.set()
        assert self.opened.wait(30)
        super().put(key, data)


@pytest.fixture
def threads() -> Iterator[tuple[ThreadPoolExecutor, ThreadPoolExecutor]]:
    with ThreadPoolExecutor(1) as workers, ThreadPoolExecutor(1) as crop_writers:
        yield workers, crop_writers


def record(number: int, offset: int) -> Record:
    [frame] = world.frames("door", 1, first=number)
    message = frame_to_message(frame, "camera-frames")
    return Record("camera-frames", 0, offset, 0, message.key, message.value, message.headers)


async def test_a_slow_store_does_not_hold_up_decoding(threads: tuple[ThreadPoolExecutor, ThreadPoolExecutor]) -> None:
    store = SlowStore()
    async with world.stages() as stages:
        metrics = StreamMetrics(Registry())
        way = FrameWay(
            load_settings(stream={"mode": "replay", "sample": "all"}),
            perception=Perception(stages),
            ladder=Ladder({}, Degradations(metrics.degradations)),
            blobs=store,
            workers=threads[0],
            crop_writers=threads[1],
            clock=time.time,
            metrics=metrics,
            cluster_id="cluster",
        )
        lane, outcomes = Lane(0, {}), []

        async def take(number: int, offset: int, turn: Turn) -> Outcome:
            outcome = await way.take(record(number, offset), lane, turn, newer_waits=False)
            outcomes.append(outcome.offset)
            return outcome

        lane.add(lambda turn: take(PERSON, 0, turn))
        lane.add(lambda turn: take(NOBODY, 1, turn))
        try:
            await asyncio.wait_for(_until(lambda: outcomes == [1] and store.asked.is_set()), 20)
            assert lane.completed() == []  # in order: the first frame's sighting waits for its crop
        finally:
            store.opened.set()
        await asyncio.wait_for(_until(lambda: outcomes == [1, 0]), 20)
        assert [outcome.sightings for outcome in lane.completed()] == [1, 0]
        assert len(store.kept) == 1


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)
