"""A camera stream that cannot go on says why, leaves its frames alone, and goes on when the cause is gone."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from kafka import KafkaProducer
from support import world
from support.invariants import assert_exactly_once, read_ledger
from support.processes import until
from support.stream_thread import StreamThread

from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.lag import group_lag
from sightline.errors import ConfigurationError
from sightline.settings import Settings
from sightline.stages.perception import Stages
from sightline.wire import frame_to_message

pytestmark = pytest.mark.stack

FRAMES = 30


def waiting(settings: Settings) -> int:
    """Frames that nobody has committed yet."""
    group_id = settings.kafka.topic_prefix + settings.stream.group_id
    return sum(group_lag(settings, group_id=group_id, topic=settings.kafka.topic("camera_frames")).values())


class Producer:
    """A plain producer on the test's topics."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kafka = KafkaProducer(**connection_options(settings.kafka))

    def frames(self, camera: str) -> int:
        """Publish a camera's frames; the partition that they are on."""
        topic = self._settings.kafka.topic("camera_frames")
        messages = [frame_to_message(frame, topic) for frame in world.frames(camera, FRAMES)]
        sent = [self._kafka.send(m.topic, key=m.key, value=m.value, headers=list(m.headers)) for m in messages]
        partitions = {future.get(30).partition for future in sent}
        assert len(partitions) == 1
        return int(partitions.pop())

    def state(self, camera: str, value: bytes | None, partition: int) -> None:
        """Write a value, or a tombstone, where a camera's state is kept."""
        topic = self._settings.kafka.topic("camera_state")
        self._kafka.send(topic, key=camera.encode(), value=value, partition=partition).get(30)

    def close(self) -> None:
        self._kafka.close()


@pytest.fixture
def replay(stack: Callable[..., Settings]) -> Settings:
    return stack("kafka", stream={"mode": "replay", "session_timeout_s": 6, "transaction_timeout_s": 5})


@pytest.fixture
def producer(replay: Settings) -> Iterator[Producer]:
    made = Producer(replay)
    yield made
    made.close()


class Models:
    """Those of the made-up world, once they are there."""

    def __init__(self) -> None:
        self.are_there = threading.Event()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Stages]:
        if not self.are_there.is_set():
            raise ConfigurationError("there is no model of kind detector: add one")
        async with world.stages() as stages:
            yield stages


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def running(replay: Settings, models: Models) -> Iterator[StreamThread]:
    with StreamThread(replay, open_stages=models) as stream:
        yield stream


def test_a_missing_model_is_waited_for(replay: Settings, producer: Producer, running: StreamThread, models: Models) -> None:
    producer.frames("hall")
    until(lambda: "no model of kind detector" in running.trouble, timeout_s=20, what="the trouble to be told")
    assert waiting(replay) == FRAMES
    models.are_there.set()
    until(lambda: waiting(replay) == 0, timeout_s=180, what="all frames", every_s=1)
    ledger = read_ledger(replay)
    assert_exactly_once(ledger)
    assert ledger.states["hall"][1].seen == FRAMES
    assert running.trouble == "", "a stream that commits is well"


def test_trouble_is_over_when_nothing_waits(running: StreamThread, models: Models) -> None:
    until(lambda: "no model of kind detector" in running.trouble, timeout_s=20, what="the trouble to be told")
    models.are_there.set()
    until(lambda: running.trouble == "", timeout_s=60, what="the idle stream to be well")


def test_a_camera_state_of_a_later_version_stops_the_stream_and_loses_nothing(
    replay: Settings, producer: Producer, running: StreamThread, models: Models
) -> None:
    partition = producer.frames("hall")
    producer.state("hall", json.dumps({"version": 2, "camera": "hall"}).encode(), partition)
    models.are_there.set()
    until(lambda: "a later Sightline wrote it" in running.trouble, timeout_s=120, what="the trouble to be told")
    assert waiting(replay) == FRAMES
    producer.state("hall", None, partition)
    until(lambda: waiting(replay) == 0, timeout_s=180, what="all frames", every_s=1)
    assert_exactly_once(read_ledger(replay))
