"""The stream's transactions where the broker dies, and where the group changes while one is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from support.invariants import read_all
from support.processes import until

from sightline.adapters.kafka.consumer import FrameConsumer
from sightline.adapters.kafka.transaction import TransactionalWriter
from sightline.errors import FencedError, ServiceUnavailable
from sightline.settings import Settings
from sightline.wire import Message

pytestmark = pytest.mark.stack

ID = "mortal"


def senders() -> list[threading.Thread]:
    """Threads of the writers' producers."""
    return [thread for thread in threading.enumerate() if ID in thread.name and "network" in thread.name]


def member(settings: Settings) -> FrameConsumer:
    """A member of the group that holds all partitions."""
    consumer, held = FrameConsumer(settings, client_id="one"), list[int]()

    def holds_all() -> bool:
        held.extend(consumer.poll(0.2, max_records=1).assigned)
        return len(held) == settings.kafka.partitions

    consumer.open()
    until(holds_all, timeout_s=60, what="all partitions", every_s=0)
    return consumer


def test_where_kafka_is_gone_commits_end_and_writers_end_for_good(private_stack: Callable[..., Any]) -> None:
    own = private_stack("kafka")
    settings: Settings = own.settings
    sighting = Message(settings.kafka.topic("sightings"), b"key", b"value", partition=0)
    consumer = member(settings)
    writers = {each: TransactionalWriter(settings, transactional_id=f"{ID}-{each}") for each in ("all", "offsets")}
    for writer in writers.values():
        writer.open()
    writers["all"].commit([sighting], {0: 1}, consumer.membership)
    own.kill("kafka")
    for name, messages in (("all", [sighting]), ("offsets", [])):
        with pytest.raises(ServiceUnavailable, match="while committing frames"):
            writers[name].commit(messages, {0: 2}, consumer.membership)
        writers[name].close()
    until(lambda: not senders(), timeout_s=60, what="the end of the threads that send")
    with suppress(ServiceUnavailable):
        consumer.close()
    own.revive()
    again, fresh = TransactionalWriter(settings, transactional_id=f"{ID}-all"), member(settings)
    again.open()
    again.commit([sighting], {0: 3}, fresh.membership)
    assert fresh.committed([0], timeout_s=30) == {0: 3}
    again.close()
    fresh.close()


def test_a_commit_under_a_past_generation_is_made_again_under_the_new_one(stack: Callable[..., Settings]) -> None:
    """A rebalance ended between asking who we are and the broker's look at it."""
    settings = stack("kafka")
    message = Message(settings.kafka.topic("sightings"), b"key", b"value", partition=0)
    consumer, other = member(settings), FrameConsumer(settings, client_id="two")
    past = consumer.membership()
    other.open()

    def joined() -> bool:
        for one in (consumer, other):
            one.poll(0.1, max_records=1)
        return consumer.standing.generation > past.generation_id and not consumer.standing.joining

    until(joined, timeout_s=60, what="another generation", every_s=0)
    writer = TransactionalWriter(settings, transactional_id=ID)
    writer.open()
    known = [past]
    writer.commit([message], {0: 1}, lambda: known.pop() if known else consumer.membership())
    assert consumer.committed([0], timeout_s=30) == {0: 1}
    assert len(read_all(settings, message.topic)) == 1, "what was given up counts for nothing"
    with pytest.raises(FencedError):
        writer.commit([message], {0: 2}, lambda: past)
    for one in (writer, other, consumer):
        one.close()
