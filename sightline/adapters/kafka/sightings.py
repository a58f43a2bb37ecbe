"""Reading ``sightings`` as one of the writers' group, and setting aside what cannot be written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kafka import KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from sightline.adapters.kafka.client import connection_options, kafka_errors_mapped
from sightline.adapters.kafka.consumer import record_from
from sightline.adapters.kafka.group_consumer import GroupConsumer
from sightline.errors import RejectedFrame
from sightline.settings import Settings
from sightline.wire import Record, dead_letter_message

_FETCH_MAX_BYTES = 8 * 1024 * 1024
_PARTITION_FETCH_BYTES = 1024 * 1024
_MAX_POLL_INTERVAL_MS = 120_000
_HEADER_BYTES = 8 * 1024
_SEND_TIMEOUT_S = 30.0


class SightingsReader:
    """A member of the writers' group. Not thread-safe: one thread opens, polls, commits and closes.

    Reads only what is committed, from the beginning where the group has no offsets yet. What was polled and not committed
    is delivered again, to whoever has the partition then: after a crash, a rebalance, or a reopening.
    """

    def __init__(self, settings: Settings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._consumer: GroupConsumer | None = None

    def open(self) -> None:
        """Join the group; partitions arrive with a later :meth:`poll`.

        Raises:
            ConfigurationError: no cluster is named.
            ServiceUnavailable: no broker answers.
        """
        kafka, writer = self._settings.kafka, self._settings.writer
        with kafka_errors_mapped("joining the group of writers"):
            self._consumer = GroupConsumer(
                **connection_options(kafka),
                client_id=self._client_id,
                group_id=kafka.topic_prefix + writer.group_id,
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                partition_assignment_strategy=[CooperativeStickyAssignor],
                session_timeout_ms=int(writer.session_timeout_s * 1000),
                heartbeat_interval_ms=int(writer.session_timeout_s * 1000 / 4),
                max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
                fetch_max_wait_ms=100,
                fetch_max_bytes=_FETCH_MAX_BYTES,
                max_partition_fetch_bytes=_PARTITION_FETCH_BYTES,
                metadata_max_age_ms=10_000,
                allow_auto_create_topics=False,
            )
            # Known before joining: a member that leads the group without it would assign nobody anything.
            self._consumer.partitions_for_topic(kafka.topic("sightings"))
            self._consumer.subscribe([kafka.topic("sightings")])

    def poll(self, timeout_s: float, *, max_records: int) -> list[Record]:
        """Wait up to ``timeout_s`` for records, in order within a partition; also keeps the membership alive.

        Raises:
            ServiceUnavailable: the broker is away.
            FencedError: the group went on without us: close and open again.
        """
        with kafka_errors_mapped("reading sightings"):
            batches = self._open_consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        return [record_from(item) for batch in batches.values() for item in batch]

    def commit(self) -> None:
        """Mark all that was polled as done: call it when all of it is written.

        Raises:
            ServiceUnavailable: the broker is away.
            FencedError: a partition is somebody else's by now, who writes the same again: close and open again.
        """
        with kafka_errors_mapped("committing the offsets of sightings"):
            self._open_consumer.commit()

    def close(self) -> None:
        """Leave the group; safe to call twice."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with kafka_errors_mapped("leaving the group of writers"):
                consumer.close(timeout_ms=5000)

    @property
    def _open_consumer(self) -> GroupConsumer:
        assert self._consumer is not None, "open() comes first"
        return self._consumer


class DeadLetters:
    """The topic ``dead-letters``, for one record at a time. At least once: a crash before the commit repeats it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: KafkaProducer | None = None

    def put(self, record: Record, rejection: RejectedFrame) -> None:
        """Keep a record and the reason; returns when the brokers have it. A value too large for the topic is cut.

        Raises:
            ServiceUnavailable: the broker is away; it may have been kept.
        """
        kafka = self._settings.kafka
        message = dead_letter_message(record, rejection, kafka.topic("dead_letters"))
        if message.value is not None:
            message = replace(message, value=message.value[: kafka.max_message_bytes - _HEADER_BYTES])
        with kafka_errors_mapped("writing a dead letter"):
            self._opened().send(
                message.topic,
                value=message.value,
                key=message.key,
                headers=list(message.headers),
                timestamp_ms=message.timestamp_ms,
            ).get(timeout=_SEND_TIMEOUT_S)

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with kafka_errors_mapped("closing the dead letters"):
                producer.close(timeout=5.0)

    def _opened(self) -> Any:
        if self._producer is None:
            self._producer = KafkaProducer(
                **connection_options(self._settings.kafka),
                client_id="sightline-dead-letters",
                acks="all",
                # kafka-python's idempotent producer is of no more use after one refused message.
                enable_idempotence=False,
                max_request_size=self._settings.kafka.max_message_bytes,
                max_block_ms=10_000,
                request_timeout_ms=10_000,
                delivery_timeout_ms=20_000,
                allow_auto_create_topics=False,
            )
        return self._producer
