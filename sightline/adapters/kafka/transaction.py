"""Messages and the offsets they were made from, committed together or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import OffsetAndMetadata

from sightline.adapters.kafka.client import connection_options, kafka_errors_mapped
from sightline.adapters.kafka.transactional_producer import TransactionalProducer
from sightline.settings import Settings
from sightline.wire import Message

_FLUSH_TIMEOUT_S = 30.0
_ATTEMPTS = 5
_NEW_GENERATION_S = 2.0
"""How long to wait for the answer to a join that the broker has ended already; who was thrown out waits for nothing."""


class TransactionalWriter:
    """A producer with a transactional id. Not thread-safe: one thread opens, commits and closes.

    Opening fences any earlier writer of the same id and aborts what it left undecided. After any error of
    :meth:`commit` the outcome is unknown to us: close, open again, and go on from the committed offsets.
    """

    def __init__(self, settings: Settings, *, transactional_id: str) -> None:
        self._settings = settings
        self._id = settings.kafka.topic_prefix + transactional_id
        self._frames = settings.kafka.topic("camera_frames")
        self._producer: TransactionalProducer | None = None

    def open(self) -> None:
        """Connect and fence.

        Raises:
            ServiceUnavailable: no broker answers.
        """
        kafka = self._settings.kafka
        with kafka_errors_mapped("opening the stream's transactions"):
            self._producer = TransactionalProducer(
                **connection_options(kafka),
                client_id=self._id,
                transactional_id=self._id,
                transaction_timeout_ms=int(self._settings.stream.transaction_timeout_s * 1000),
                max_request_size=kafka.max_message_bytes,
                batch_size=256 * 1024,
                linger_ms=0,
                max_block_ms=20_000,
                delivery_timeout_ms=30_000,
                request_timeout_ms=10_000,
            )
            self._producer.init_transactions()

    def commit(self, messages: Sequence[Message], offsets: Mapping[int, int], membership: Callable[[], Any]) -> None:
        """Write all messages and commit the frames' offsets, atomically; blocks until decided, for a minute and a half at most.

        A group that moves partitions gives all its members a new generation, also those whose partitions stay: what was
        begun under the old one is given up and done again.

        Args:
            messages: what was made of the frames.
            offsets: partition of ``camera-frames`` -> offset of its next frame.
            membership: :meth:`FrameConsumer.membership`: a member that lost its partitions cannot commit.

        Raises:
            FencedError: the group or a newer writer of the same id went on without us.
            ServiceUnavailable: the broker is away; whether this was committed is not known.
        """
        with kafka_errors_mapped("committing frames"):
            for left in reversed(range(_ATTEMPTS)):
                self._begin(messages)
                # After the messages: who is told of these offsets must be able to read the state that goes with them.
                member = membership()
                try:
                    self._open_producer.send_offsets_to_transaction(self._as_kafka(offsets), member)
                    break
                except kafka_errors.CommitFailedError:
                    if not left or not _has_new_generation(member, membership):
                        raise
                self._open_producer.abort_transaction()
            self._open_producer.commit_transaction()

    def _begin(self, messages: Sequence[Message]) -> None:
        producer = self._open_producer
        producer.begin_transaction()
        futures = [self._send(message) for message in messages]
        producer.flush(timeout=_FLUSH_TIMEOUT_S)
        for future in futures:
            future.get(timeout=0.1)

    def _as_kafka(self, offsets: Mapping[int, int]) -> dict[TopicPartition, OffsetAndMetadata]:
        return {TopicPartition(self._frames, p): OffsetAndMetadata(offset, "", -1) for p, offset in offsets.items()}

    def _send(self, message: Message) -> Any:
        return self._open_producer.send(
            message.topic,
            value=message.value,
            key=message.key,
            headers=list(message.headers),
            partition=message.partition,
            timestamp_ms=message.timestamp_ms,
        )

    def close(self) -> None:
        """Give up what is undecided (the broker aborts it) and disconnect; safe to call twice."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with kafka_errors_mapped("closing the stream's transactions"):
                producer.close(timeout=2.0)

    @property
    def _open_producer(self) -> TransactionalProducer:
        assert self._producer is not None, "open() comes first"
        return self._producer


def _has_new_generation(member: Any, membership: Callable[[], Any]) -> bool:
    """Whether the same member belongs to a later generation, now or in a moment.

    Its partitions are still its own then: one that moves is nobody else's before we have given it up, in a poll of our own.
    """
    deadline = time.monotonic() + _NEW_GENERATION_S
    while (now := membership()).member_id == member.member_id and now.generation_id == member.generation_id:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return bool(now.member_id == member.member_id)
