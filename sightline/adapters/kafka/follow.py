"""Following a compacted topic: every record from the beginning, then each as it comes, in no consumer group."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from sightline.adapters.kafka.client import SERVICE, connection_options, kafka_errors_mapped
from sightline.adapters.kafka.consumer import record_from
from sightline.errors import ServiceError, ServiceUnavailable
from sightline.settings import KafkaSettings
from sightline.wire import Record

_log = logging.getLogger(__name__)
_POLL_S = 0.5
_MAX_POLL_RECORDS = 500
_FIRST_WAIT_S, _LAST_WAIT_S = 0.5, 10.0


class TopicFollower:
    """Hands each committed record of a topic to a function, on a thread of its own.

    Partitions are read side by side, each in order. After a lost connection it goes on where it stopped; after
    a start it begins again, so what hears the records must be able to hear them twice. It keeps no record itself.
    """

    def __init__(self, settings: KafkaSettings, topic: str, on_record: Callable[[Record], None]) -> None:
        """``on_record`` is called on the thread, one record at a time; it must not raise."""
        self._settings = settings
        self._topic = topic
        self._on_record = on_record
        self._positions: dict[TopicPartition, int] = {}
        self._stopping = threading.Event()
        self._caught_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follow-{topic}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once, whether Kafka answers or not.

        Raises:
            ConfigurationError: no cluster is named.
        """
        connection_options(self._settings)
        self._thread.start()

    def wait_until_caught_up(self, timeout_s: float) -> bool:
        """Wait until all that was there at the start was heard; False if it was not by then."""
        return self._caught_up.wait(timeout_s)

    @property
    def caught_up(self) -> bool:
        """Whether all that was there at the start was heard."""
        return self._caught_up.is_set()

    def close(self) -> None:
        """Stop and wait for the thread; safe to call twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                with kafka_errors_mapped(f"following {self._topic}"):
                    self._follow()
            except ServiceError as error:
                _log.warning("%s; trying again in %.1f s", error, wait_s)
                self._stopping.wait(wait_s)
                wait_s = min(wait_s * 2, _LAST_WAIT_S)
            else:
                wait_s = _FIRST_WAIT_S

    def _follow(self) -> None:
        """Read until stopped."""
        consumer = KafkaConsumer(
            **connection_options(self._settings),
            group_id=None,
            allow_auto_create_topics=False,
            enable_auto_commit=False,
            isolation_level="read_committed",
            max_poll_records=_MAX_POLL_RECORDS,
            auto_offset_reset="earliest",
        )
        try:
            partitions = self._assign(consumer)
            goal = consumer.end_offsets(partitions)
            while not self._stopping.is_set():
                self._hear(consumer.poll(timeout_ms=int(_POLL_S * 1000)))
                if not self._caught_up.is_set() and all(consumer.position(part) >= goal[part] for part in partitions):
                    self._caught_up.set()
        finally:
            consumer.close()

    def _assign(self, consumer: KafkaConsumer) -> list[TopicPartition]:
        numbers = consumer.partitions_for_topic(self._topic)
        if not numbers:
            raise ServiceUnavailable(SERVICE, f"there is no topic {self._topic} yet")
        partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        for partition in partitions:
            if partition in self._positions:
                consumer.seek(partition, self._positions[partition])
            else:
                consumer.seek_to_beginning(partition)
        return partitions

    def _hear(self, batches: dict[TopicPartition, list[Any]]) -> None:
        for partition, batch in batches.items():
            for item in batch:
                self._on_record(record_from(item))
                self._positions[partition] = item.offset + 1
