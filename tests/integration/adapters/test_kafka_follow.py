"""Following a topic on a real Kafka: what is committed is heard, once, whatever happens to the broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaProducer

from sightline.adapters.kafka.admin import create_topics
from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.follow import TopicFollower
from sightline.settings import Settings
from sightline.wire import Record

pytestmark = pytest.mark.stack

PATIENCE_S = 60.0


class Heard:
    """What a follower hands over."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __call__(self, record: Record) -> None:
        self.records.append(record)

    def values(self) -> list[bytes | None]:
        return [record.value for record in self.records]

    def latest(self) -> dict[bytes | None, bytes | None]:
        return {record.key: record.value for record in self.records}

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.records) < count:
            assert time.monotonic() < deadline, f"heard {len(self.records)} of {count}"
            time.sleep(0.05)


@contextmanager
def following(settings: Settings, heard: Heard) -> Iterator[TopicFollower]:
    follower = TopicFollower(settings.kafka, settings.kafka.topic("camera_state"), heard)
    follower.start()
    yield follower
    follower.close()
    follower.close()


@contextmanager
def producing(settings: Settings, **options: object) -> Iterator[KafkaProducer]:
    producer = KafkaProducer(**connection_options(settings.kafka), **options)
    yield producer
    producer.close()


def write(settings: Settings, *pairs: tuple[bytes, bytes | None]) -> None:
    with producing(settings) as producer:
        for key, value in pairs:
            producer.send(settings.kafka.topic("camera_state"), key=key, value=value)
        producer.flush()


def test_from_the_beginning_then_as_they_come(kafka_settings: Settings) -> None:
    write(kafka_settings, *((f"cam{n % 9}".encode(), f"{n}".encode()) for n in range(90)))
    heard = Heard()
    with following(kafka_settings, heard) as follower:
        assert follower.wait_until_caught_up(PATIENCE_S)
        assert sorted(heard.values()) == sorted(f"{n}".encode() for n in range(90))
        assert heard.latest() == {f"cam{n}".encode(): f"{81 + n}".encode() for n in range(9)}

        write(kafka_settings, (b"cam0", b"new"), (b"cam1", None))
        heard.wait_for(92)
    assert heard.latest()[b"cam0"] == b"new"
    assert heard.latest()[b"cam1"] is None


def test_an_empty_topic_is_caught_up(kafka_settings: Settings) -> None:
    with following(kafka_settings, Heard()) as follower:
        assert follower.wait_until_caught_up(PATIENCE_S)


def test_only_what_is_committed(kafka_settings: Settings) -> None:
    topic = kafka_settings.kafka.topic("camera_state")
    heard = Heard()
    with (
        following(kafka_settings, heard),
        producing(kafka_settings, transactional_id=kafka_settings.kafka.topic_prefix + "t") as producer,
    ):
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, key=b"cam", value=b"aborted")
        producer.flush()
        producer.abort_transaction()
        producer.begin_transaction()
        producer.send(topic, key=b"cam", value=b"committed")
        producer.commit_transaction()
        heard.wait_for(1)
        time.sleep(0.5)

    assert heard.values() == [b"committed"]


def test_a_topic_that_comes_later(stack: Callable[..., Settings], unique_prefix: str) -> None:
    settings = stack("kafka", kafka={"topic_prefix": unique_prefix + "later-"})
    later = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"topic_prefix": unique_prefix + "absent-"})})
    heard = Heard()
    with following(later, heard) as follower:
        assert not follower.wait_until_caught_up(1.0)
        create_topics(later)
        write(later, (b"cam", b"1"))
        heard.wait_for(1)


def test_a_broker_that_is_killed(private_stack: Callable[..., object]) -> None:
    own = private_stack("kafka")
    heard = Heard()
    write(own.settings, (b"cam", b"before"))
    with following(own.settings, heard):
        heard.wait_for(1)
        own.kill("kafka")
        time.sleep(1.0)
        own.revive()
        write(own.settings, (b"cam", b"after"))
        heard.wait_for(2)

    assert heard.values() == [b"before", b"after"]
