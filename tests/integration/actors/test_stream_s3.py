"""A camera stream whose crops live in an S3 store: it waits for a store that is away, and every sighting has its crop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer
from pydantic import SecretStr
from support import world
from support.invariants import assert_exactly_once, read_ledger
from support.processes import until
from support.s3_server import S3Server
from support.stream_thread import StreamThread

from sightline.adapters.blobs import open_blobs
from sightline.adapters.kafka.client import connection_options
from sightline.settings import Settings
from sightline.wire import frame_to_message

pytestmark = pytest.mark.stack

FRAMES = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    started = S3Server.start(tmp_path / "s3")
    started.make_bucket("crops")
    yield started
    started.stop()


def publish(settings: Settings) -> None:
    producer = KafkaProducer(**connection_options(settings.kafka))
    for frame in world.frames("hall", FRAMES):
        message = frame_to_message(frame, settings.kafka.topic("camera_frames"))
        producer.send(message.topic, key=message.key, value=message.value, headers=list(message.headers))
    producer.close()


def committed(settings: Settings) -> int:
    return sum(read_ledger(settings).committed.values())


def assert_all_seen_with_their_crops(settings: Settings) -> None:
    until(lambda: committed(settings) == FRAMES, timeout_s=90, what="all frames", every_s=1)
    ledger = read_ledger(settings)
    assert_exactly_once(ledger)
    blobs = open_blobs(settings)
    assert len(ledger.sightings) > 3
    for sighting in ledger.sightings:
        assert sighting.crop_key is not None
        assert blobs.get(sighting.crop_key)[:2] == b"\xff\xd8"


def test_a_store_that_is_killed_is_waited_for(stack: Callable[..., Settings], server: S3Server) -> None:
    settings = stack("kafka", stream={"mode": "replay"}, blobs=server.section("crops", "site-1"))
    server.kill()
    publish(settings)
    with StreamThread(settings, blobs=open_blobs(settings)) as stream:
        until(
            lambda: stream.metrics.retries.labels("blobs")._value.get() >= 4,
            timeout_s=60,
            what="crops to be tried again and again",
        )
        assert committed(settings) < FRAMES
        assert read_ledger(settings).sightings == []
        back = server.revive()
        try:
            assert_all_seen_with_their_crops(settings)
            assert stream.restarts == 0
        finally:
            back.stop()


def test_a_key_that_is_refused_is_the_trouble_that_status_shows(stack: Callable[..., Settings], server: S3Server) -> None:
    settings = stack("kafka", stream={"mode": "replay"}, blobs=server.section("crops", "site-1", secret="wrong"))
    publish(settings)
    with StreamThread(settings, blobs=open_blobs(settings)) as stream:
        until(lambda: "blobs.secret" in stream.trouble, timeout_s=60, what="the trouble to be told")
        assert read_ledger(settings).sightings == []
    right = settings.model_copy(update={"blobs": settings.blobs.model_copy(update={"secret": SecretStr(server.secret)})})
    with StreamThread(right, blobs=open_blobs(right)):
        assert_all_seen_with_their_crops(right)
