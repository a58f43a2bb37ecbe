"""A camera stream that cannot go on says why, leaves its frames alone, and goes on when the cause is gone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from kafka import KafkaProducer
from support import world
from support.invariants import assert_exactly_once, read_ledger
from support.processes import until

from actors.camera_stream import CameraStream
from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.lag import group_lag
from sightline.errors import ConfigurationError
from sightline.settings import Settings
from sightline.stages.perception import Stages
from sightline.telemetry import Registry, StreamMetrics
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


class Running:
    """A camera stream in a thread of this process, whose models can be taken away."""

    def __init__(self, settings: Settings) -> None:
        self.models_there = threading.Event()
        self._stream = CameraStream(
            settings,
            name="one",
            open_stages=self._open_stages,
            blobs=world.Crops(),
            decode_threads=1,
            clock=time.time,
            metrics=StreamMetrics(Registry()),
        )
        self._thread = threading.Thread(target=self._stream.run)
        self._thread.start()

    @property
    def trouble(self) -> str:
        return str(self._stream.describe()["trouble"])

    def stop(self) -> None:
        self._stream.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()

    @asynccontextmanager
    async def _open_stages(self) -> AsyncIterator[Stages]:
        if not self.models_there.is_set():
            raise ConfigurationError("there is no model of kind detector: add one")
        async with world.stages() as stages:
            yield stages


@pytest.fixture
def running(replay: Settings) -> Iterator[Running]:
    made = Running(replay)
    yield made
    made.stop()


def test_a_missing_model_is_waited_for(replay: Settings, producer: Producer, running: Running) -> None:
    producer.frames("hall")
    until(lambda: "no model of kind detector" in running.trouble, timeout_s=20, what="the trouble to be told")
    assert waiting(replay) == FRAMES
    running.models_there.set()
    until(lambda: waiting(replay) == 0, timeout_s=180, what="all frames", every_s=1)
    ledger = read_ledger(replay)
    assert_exactly_once(ledger)
    assert ledger.states["hall"][1].seen == FRAMES
    assert running.trouble == "", "a stream that commits is well"


def test_trouble_is_over_when_nothing_waits(running: Running) -> None:
    until(lambda: "no model of kind detector" in running.trouble, timeout_s=20, what="the trouble to be told")
    running.models_there.set()
    until(lambda: running.trouble == "", timeout_s=60, what="the idle stream to be well")


def test_a_camera_state_of_a_later_version_stops_the_stream_and_loses_nothing(
    replay: Settings, producer: Producer, running: Running
) -> None:
    partition = producer.frames("hall")
    producer.state("hall", json.dumps({"version": 2, "camera": "hall"}).encode(), partition)
    running.models_there.set()
    until(lambda: "a later Sightline wrote it" in running.trouble, timeout_s=120, what="the trouble to be told")
    assert waiting(replay) == FRAMES
    producer.state("hall", None, partition)
    until(lambda: waiting(replay) == 0, timeout_s=180, what="all frames", every_s=1)
    assert_exactly_once(read_ledger(replay))
