"""The camera stream on a real Kafka, with made-up models: exactly one outcome for every offset, whatever is killed."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from support import world
from support.invariants import Ledger, assert_exactly_once, read_ledger, summary
from support.processes import Child, until

from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.consumer import FrameConsumer
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings
from sightline.types import EncodedFrame
from sightline.wire import frame_to_message

pytestmark = pytest.mark.stack

Start = Callable[..., Child]


def publish(settings: Settings, frames: list[EncodedFrame]) -> None:
    """Send frames, and wait until all are there."""
    producer = KafkaProducer(**connection_options(settings.kafka), max_request_size=settings.kafka.max_message_bytes)
    topic = settings.kafka.topic("camera_frames")
    for frame in frames:
        message = frame_to_message(frame, topic)
        producer.send(topic, key=message.key, value=message.value, headers=list(message.headers))
    producer.flush(30)
    producer.close()


def drained(settings: Settings) -> bool:
    return read_ledger(settings).lag == 0


def ids(ledger: Ledger) -> set[tuple[str, str]]:
    """Every sighting with its track."""
    return {(sighting.sighting_id, sighting.track) for sighting in ledger.sightings}


@pytest.fixture
def replay(stack: Callable[..., Settings]) -> Settings:
    return stack("kafka", stream={"mode": "replay", "session_timeout_s": 6, "transaction_timeout_s": 5})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start(settings, "name")``: a camera stream in a process of its own; ended with the test."""
    children: list[Child] = []

    def go(settings: Settings, name: str, **options: Any) -> Child:
        arguments = [f"--{key}={value}" for key, value in {"name": name, **options}.items()]
        child = Child("support.stream_process", *arguments, settings=settings, log=tmp_path / f"{name}.log")
        children.append(child)
        return child

    yield go
    for child in children:
        child.end()


def undisturbed(stack: Callable[..., Settings], start: Start, frames: list[EncodedFrame]) -> Ledger:
    """What a run that nothing disturbs makes of the frames, on topics of its own."""
    settings = stack("kafka", kafka={"topic_prefix": "calm-" + random.randbytes(4).hex() + "-"}, stream={"mode": "replay"})
    publish(settings, frames)
    child = start(settings, "calm")
    until(lambda: drained(settings), timeout_s=180, what="the undisturbed run", every_s=1)
    assert child.stop() == 0
    return read_ledger(settings)


def test_all_frames_are_seen_once_and_a_stop_is_clean(replay: Settings, start: Start) -> None:
    frames = world.frames("hall", 120) + world.frames("door", 60)
    publish(replay, frames)
    child = start(replay, "one")
    until(lambda: drained(replay), timeout_s=180, what="all frames", every_s=1)
    assert child.stop() == 0, child.log.read_text()[-2000:]
    ledger = read_ledger(replay)
    assert_exactly_once(ledger)
    assert {camera: state.seen for camera, (_, state) in ledger.states.items()} == {"hall": 120, "door": 60}
    assert ledger.sightings
    assert all(sighting.crop_key for sighting in ledger.sightings)


def test_sigkill_again_and_again_changes_nothing(
    stack: Callable[..., Settings], replay: Settings, start: Start, tmp_path: Path
) -> None:
    """The sightings, with their tracks, equal those of the undisturbed run."""
    frames = [frame for pair in zip(world.frames("a", 150), world.frames("b", 150), strict=True) for frame in pair]
    calm = undisturbed(stack, start, frames)
    publish(replay, frames)
    rng = random.Random(7)
    for round_number in range(4):
        child = start(replay, "victim", seconds=0.02)
        child.wait_for_log("took over partitions" if round_number == 0 else "victim")
        before = sum(read_ledger(replay).committed.values())
        until(lambda before=before: sum(read_ledger(replay).committed.values()) > before, timeout_s=120, what="progress")
        until(lambda: rng.random() < 0.5, timeout_s=10, what="a moment to strike", every_s=0.05)
        child.kill()
    start(replay, "victim")
    until(lambda: drained(replay), timeout_s=240, what="all frames after the kills", every_s=1)
    ledger = read_ledger(replay)
    assert_exactly_once(ledger)
    assert ids(ledger) == ids(calm), summary(ledger)


def test_streams_share_partitions_and_take_over_from_a_dead_one(
    stack: Callable[..., Settings], replay: Settings, start: Start
) -> None:
    frames = [frame for row in zip(*(world.frames(f"cam{n}", 80) for n in range(6)), strict=True) for frame in row]
    calm = undisturbed(stack, start, frames)
    publish(replay, frames)
    first, second = start(replay, "first", seconds=0.02), start(replay, "second", seconds=0.02)
    for child in (first, second):
        child.wait_for_log("took over partitions")
    until(lambda: sum(read_ledger(replay).committed.values()) > 60, timeout_s=180, what="progress")
    first.kill()
    until(lambda: drained(replay), timeout_s=240, what="the survivor to take over", every_s=1)
    assert second.stop() == 0
    ledger = read_ledger(replay)
    assert_exactly_once(ledger)
    assert ids(ledger) == ids(calm)


def test_a_zombie_is_fenced(stack: Callable[..., Settings], replay: Settings, start: Start) -> None:
    """A stream stalls until its partitions have moved, then wakes with finished frames in its hands."""
    frames = [frame for row in zip(*(world.frames(f"cam{n}", 100) for n in range(4)), strict=True) for frame in row]
    calm = undisturbed(stack, start, frames)
    publish(replay, frames)
    zombie = start(replay, "zombie", seconds=0.05)
    zombie.wait_for_log("took over partitions")
    until(lambda: sum(read_ledger(replay).committed.values()) > 20, timeout_s=180, what="progress")
    zombie.signal(signal.SIGSTOP)
    heir = start(replay, "heir")
    until(lambda: drained(replay), timeout_s=240, what="the heir to finish", every_s=1)
    zombie.signal(signal.SIGCONT)
    zombie.wait_for_log("going on from the last commit", timeout_s=60)
    assert heir.alive
    ledger = read_ledger(replay)
    assert_exactly_once(ledger)
    assert ids(ledger) == ids(calm)


def test_kafka_itself_is_killed(private_stack: Callable[..., Any], start: Start, stack: Callable[..., Settings]) -> None:
    frames = world.frames("hall", 200)
    calm = undisturbed(stack, start, frames)
    servers = private_stack("kafka", stream={"mode": "replay", "session_timeout_s": 6, "transaction_timeout_s": 5})
    publish(servers.settings, frames)
    child = start(servers.settings, "one", seconds=0.02)
    until(lambda: sum(read_ledger(servers.settings).committed.values()) > 40, timeout_s=180, what="progress")
    servers.kill("kafka")
    servers.revive()
    until(lambda: drained(servers.settings), timeout_s=120, what="all frames after Kafka came back", every_s=1)
    assert child.alive
    ledger = read_ledger(servers.settings)
    assert_exactly_once(ledger)
    assert ids(ledger) == ids(calm)


def test_bad_frames_become_dead_letters_and_the_camera_goes_on(stack: Callable[..., Settings], start: Start) -> None:
    settings = stack("kafka", stream={"mode": "replay", "cameras": ["hall"]})
    good = world.frames("hall", 20)
    bad = [
        EncodedFrame("hall", "cut", world.START_US, "image/jpeg", good[0].data[:200]),
        EncodedFrame("hall", "text", world.START_US, "image/jpeg", b"hello"),
        EncodedFrame("stranger", "s", world.START_US, "image/jpeg", good[0].data),
    ]
    publish(settings, good[:10] + bad + good[10:])
    producer = KafkaProducer(**connection_options(settings.kafka))
    producer.send(settings.kafka.topic("camera_frames"), value=good[0].data).get(10)
    producer.send(settings.kafka.topic("camera_frames"), key=b"hall", value=b"").get(10)
    producer.close()
    start(settings, "one")
    until(lambda: drained(settings), timeout_s=180, what="all frames", every_s=1)
    ledger = read_ledger(settings)
    assert_exactly_once(ledger)
    reasons = sorted(dict(record.headers)["dead_letter_reason"].decode() for record in ledger.dead)
    assert len(reasons) == 5
    assert {"truncated", "unknown_camera", "bad_metadata", "empty"} <= set(reasons)
    _, state = ledger.states["hall"]
    assert state.seen == 20
    assert sum(state.dead.values()) == 3


def test_live_sheds_what_is_stale_and_says_so(stack: Callable[..., Settings], start: Start) -> None:
    settings = stack("kafka", stream={"mode": "live", "stale_after_s": 0.5})
    publish(settings, world.frames("hall", 300))
    time.sleep(1.0)
    start(settings, "one", seconds=0.02)
    until(lambda: drained(settings), timeout_s=180, what="all frames", every_s=1)
    ledger = read_ledger(settings)
    assert_exactly_once(ledger)
    _, state = ledger.states["hall"]
    assert state.shed.get("stale", 0) >= 250
    assert state.frame_id == "hall-299", "the newest frame is always looked at"
    assert state.seen >= 1


def test_a_member_that_only_polls_sees_the_backlog(replay: Settings) -> None:
    """The adapter alone: assignment, unread count, pausing."""
    publish(replay, world.frames("hall", 30))
    consumer = FrameConsumer(replay, client_id="looker")
    consumer.open()
    got: list[int] = []
    until(
        lambda: bool(got.extend(r.offset for r in consumer.poll(0.5, max_records=5).records) or got),
        timeout_s=20,
        what="records",
    )
    assert got == [0, 1, 2, 3, 4]
    assert consumer.poll(0.3, max_records=0).records == []
    after = consumer.poll(2.0, max_records=5)
    assert [record.offset for record in after.records] == [5, 6, 7, 8, 9]
    assert sum(after.unread.values()) == 20
    consumer.close()


def test_a_client_that_has_stopped_fetching_is_given_up(replay: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kafka-python was seen to do: it holds its partitions, keeps its membership, and fetches no more."""
    monkeypatch.setattr("sightline.adapters.kafka.consumer._SILENCE_S", 2.0)
    publish(replay, world.frames("hall", 5))
    consumer = FrameConsumer(replay, client_id="deaf")
    consumer.open()
    until(lambda: bool(_offsets(consumer)), timeout_s=20, what="records")
    for _ in range(8):
        assert not _offsets(consumer), "silence where nothing waits is believed"
    client: Any = consumer._consumer
    client._fetcher._create_fetch_requests = dict
    publish(replay, world.frames("hall", 5))
    with pytest.raises(ServiceUnavailable, match="5 frames wait in partition"):
        until(lambda: bool(_offsets(consumer)), timeout_s=30, what="the deaf client's records")
    consumer.close()


def _offsets(consumer: FrameConsumer) -> list[int]:
    return [record.offset for record in consumer.poll(0.5, max_records=5).records]
