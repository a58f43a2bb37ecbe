"""Reading a topic from its beginning to its present end, and on from there, in no consumer group, as often as needed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from sightline.adapters.kafka.client import SERVICE, connection_options, kafka_errors_mapped
from sightline.adapters.kafka.consumer import record_from
from sightline.errors import ConfigurationError, ServiceUnavailable
from sightline.settings import KafkaSettings
from sightline.wire import Record

_MAX_POLL_RECORDS = 1000
_SILENCE_S = 60.0
"""Longer than any transaction may stay undecided: an undecided one holds up the reading of what is committed."""


class TopicReplay:
    """See :class:`sightline.standing.Replay`. Reads what is committed; undecided transactions are waited for."""

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        self._settings = settings
        self._topic = topic
        self._begins: Mapping[TopicPartition, int] = {}
        self._ends: Mapping[TopicPartition, int] = {}

    def open(self) -> None:
        """Fix where to end.

        Raises:
            ConfigurationError: there is no such topic.
            ServiceUnavailable: no broker answers.
        """
        with kafka_errors_mapped(f"asking where {self._topic} ends"):
            consumer = self._consumer("read_uncommitted")
            try:
                numbers = consumer.partitions_for_topic(self._topic)
                if not numbers:
                    raise ConfigurationError(f"there is no topic {self._topic}: `sightline up` creates it")
                wheres = [TopicPartition(self._topic, number) for number in sorted(numbers)]
                self._begins, self._ends = consumer.beginning_offsets(wheres), consumer.end_offsets(wheres)
            finally:
                consumer.close()

    def rest(self) -> TopicReplay:
        """What came after the end of this one, opened; partitions that were added since are read from their beginning.

        Raises:
            ServiceUnavailable: no broker answers.
        """
        rest = TopicReplay(self._settings, self._topic)
        rest.open()
        rest._begins = {where: self._ends.get(where, begin) for where, begin in rest._begins.items()}
        return rest

    @property
    def offsets(self) -> int:
        """Offsets from the beginnings to the ends; records are fewer, as transactions and compaction leave gaps."""
        return sum(end - self._begins[where] for where, end in self._ends.items())

    def records(self) -> Iterator[list[Record]]:
        """Batches of records up to the end. Raises ServiceUnavailable when nothing comes for a minute."""
        with kafka_errors_mapped(f"reading {self._topic}"):
            consumer = self._consumer("read_committed")
            try:
                consumer.assign(list(self._ends))
                for where, begin in self._begins.items():
                    consumer.seek(where, begin)  # what retention took meanwhile is passed over: auto_offset_reset
                yield from self._batches(consumer)
            finally:
                consumer.close()

    def _batches(self, consumer: KafkaConsumer) -> Iterator[list[Record]]:
        heard_at = time.monotonic()
        while open_ends := [where for where, end in self._ends.items() if consumer.position(where) < end]:
            # What lies behind the end is not ours to read, and would never stop coming on a busy topic.
            consumer.pause(*(where for where in self._ends if where not in open_ends))
            batches = consumer.poll(timeout_ms=200)
            new = (item for where, items in batches.items() for item in items if item.offset < self._ends[where])
            records = [record_from(item) for item in new]
            if records:
                yield records
            if batches:
                heard_at = time.monotonic()
            elif time.monotonic() > heard_at + _SILENCE_S:
                raise ServiceUnavailable(SERVICE, f"nothing more of {self._topic} came for {_SILENCE_S:g} s")

    def _consumer(self, isolation: str) -> Any:
        return KafkaConsumer(
            **connection_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            isolation_level=isolation,
            auto_offset_reset="earliest",
            max_poll_records=_MAX_POLL_RECORDS,
            allow_auto_create_topics=False,
        )
