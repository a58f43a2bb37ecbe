"""Camera streams come and go, and those that stay go on with the partitions that they keep: no rebalance stops the world."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from kafka import KafkaProducer
from support import world
from support.invariants import assert_exactly_once, read_ledger, summary
from support.processes import until
from support.stream_thread import StreamThread

from benchmarks.sleeping_models import camera_of_each_partition
from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.consumer import FrameConsumer
from sightline.settings import Settings
from sightline.wire import frame_to_message

pytestmark = pytest.mark.stack

PARTITIONS = 4
FRAMES = 300


class Cameras:
    """One camera for each partition; the frames of some of them are published as the test says."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.kafka.topic("camera_frames")
        self._kafka = KafkaProducer(**connection_options(settings.kafka))
        self._names = camera_of_each_partition(PARTITIONS)
        self._frames = {camera: iter(world.frames(camera, FRAMES)) for camera in self._names}

    def publish(self, partition: int, count: int = 1) -> None:
        for _ in range(count):
            message = frame_to_message(next(self._frames[self._names[partition]]), self._topic)
            sent = self._kafka.send(self._topic, key=message.key, value=message.value, headers=list(message.headers))
            assert sent.get(30).partition == partition

    def close(self) -> None:
        self._kafka.close()


@pytest.fixture
def settings(stack: Callable[..., Settings]) -> Settings:
    return stack("kafka", kafka={"partitions": PARTITIONS}, stream={"mode": "replay"})


@pytest.fixture
def cameras(settings: Settings) -> Iterator[Cameras]:
    made = Cameras(settings)
    yield made
    made.close()


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[[str], StreamThread]]:
    """``start("name")``: a camera stream; stopped with the test."""
    with ExitStack() as stopping:

        def go(name: str) -> StreamThread:
            return stopping.enter_context(StreamThread(settings, name))

        yield go


@pytest.fixture
def member(settings: Settings) -> Iterator[Callable[[str], FrameConsumer]]:
    """``member("name")``: of the streams' group, which polls when the test does."""
    with ExitStack() as closing:

        def join(name: str) -> FrameConsumer:
            consumer = FrameConsumer(settings, client_id=name)
            closing.callback(consumer.close)
            consumer.open()
            return consumer

        yield join


def committed(settings: Settings) -> dict[int, int]:
    return read_ledger(settings).committed


def test_what_is_kept_goes_on_while_the_group_waits_for_a_member(
    settings: Settings, cameras: Cameras, start: Callable[[str], StreamThread], member: Callable[[str], FrameConsumer]
) -> None:
    """A member that is slow to join again holds up everybody's join, here for as long as the test wants."""
    stream = start("one")
    until(lambda: len(stream.partitions) == PARTITIONS, timeout_s=60, what="all partitions")
    slow = member("slow")
    held: set[int] = set()

    def settled() -> bool:
        held.update(slow.poll(0.1, max_records=0).assigned)
        return len(held) == PARTITIONS // 2 and stream.partitions.isdisjoint(held) and not stream.standing[1]

    until(settled, timeout_s=60, what="two members that share", every_s=0)
    kept = stream.partitions
    late = member("late")
    until(
        lambda: not late.poll(0.1, max_records=0).assigned and stream.standing[1],
        timeout_s=60,
        what="a join that lasts",
        every_s=0,
    )
    generation, _ = stream.standing
    for partition in kept:
        cameras.publish(partition, 20)
    until(lambda: all(committed(settings)[partition] == 20 for partition in kept), timeout_s=50, what="frames of what is kept")
    assert stream.standing == (generation, True), "the group had made up its mind: the test shows nothing"
    assert stream.partitions == kept
    assert stream.restarts == 0


def test_a_stream_that_comes_takes_over_partitions_and_leaves_the_others_in_peace(
    settings: Settings, cameras: Cameras, start: Callable[[str], StreamThread]
) -> None:
    first = start("first")
    until(lambda: len(first.partitions) == PARTITIONS, timeout_s=60, what="all partitions")
    before, _ = first.standing
    second = start("second")
    looks: list[set[int]] = []
    published = 0
    while not (len(first.partitions) == len(second.partitions) == PARTITIONS // 2):
        cameras.publish(published % PARTITIONS)
        published += 1
        looks.append(first.partitions)
        assert published < PARTITIONS * FRAMES, "the partitions were never shared"
        time.sleep(0.05)
    kept = first.partitions
    for _ in range(40):
        cameras.publish(published % PARTITIONS)
        published += 1
        looks.append(first.partitions)
    assert all(look >= kept for look in looks), "what stays is never given up"
    assert kept.isdisjoint(second.partitions)
    assert first.standing[0] > before, "there was a rebalance"
    until(lambda: read_ledger(settings).lag == 0, timeout_s=120, what="all frames", every_s=1)
    assert (first.restarts, second.restarts) == (0, 0)
    ledger = read_ledger(settings)
    assert_exactly_once(ledger)
    assert sum(state.seen for _, state in ledger.states.values()) == published, summary(ledger)


def test_a_join_that_outlasts_its_reason_is_ended_all_the_same(
    settings: Settings, member: Callable[[str], FrameConsumer]
) -> None:
    """As of a leader that learns of the partitions while it joins for their sake."""
    consumer = member("leader")
    until(lambda: consumer.poll(0.1, max_records=0).assigned != [], timeout_s=60, what="partitions", every_s=0)
    kafka: Any = consumer._consumer
    for _ in range(5):
        generation = consumer.standing.generation
        kafka._coordinator._assignment_snapshot = {}  # what it knew when it assigned: not what it knows now
        until(
            lambda before=generation: consumer.poll(0.001, max_records=0) and consumer.standing.generation > before,
            timeout_s=30,
            what="another generation",
            every_s=0,
        )
        until(
            lambda: consumer.poll(0.001, max_records=0) and not consumer.standing.joining,
            timeout_s=10,
            what="the end of the join",
            every_s=0.01,
        )
