"""Reading a compacted topic's partition from its beginning to its end: the latest record of each key."""

from __future__ import annotations

import time
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from sightline.adapters.kafka.client import connection_options, kafka_errors_mapped
from sightline.adapters.kafka.consumer import record_from
from sightline.errors import ServiceUnavailable
from sightline.settings import KafkaSettings
from sightline.wire import Record


def read_table(
    settings: KafkaSettings, topic: str, partitions: list[int], *, timeout_s: float
) -> dict[int, dict[bytes, Record]]:
    """The latest committed record of each key in each partition; a key whose latest record is a tombstone is left out.

    Reads up to where the log ended when this was called, undecided transactions included: it waits until they are
    decided, so that what a predecessor has just committed is seen.

    Raises:
        ServiceUnavailable: the end was not reached in ``timeout_s``.
    """
    wheres = [TopicPartition(topic, partition) for partition in partitions]
    tables: dict[int, dict[bytes, Record]] = {partition: {} for partition in partitions}
    deadline = time.monotonic() + timeout_s
    with kafka_errors_mapped(f"reading {topic}"):
        ends = _ends(settings, wheres)
        consumer = KafkaConsumer(
            **connection_options(settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
        try:
            consumer.assign(wheres)
            consumer.seek_to_beginning(*wheres)
            while any(consumer.position(where) < ends[where] for where in wheres):
                if time.monotonic() > deadline:
                    raise ServiceUnavailable("kafka", f"{topic} could not be read to its end in {timeout_s:g} s")
                for where, items in consumer.poll(timeout_ms=100).items():
                    _absorb(tables[where.partition], items)
        finally:
            consumer.close()
    return tables


def _ends(settings: KafkaSettings, wheres: list[TopicPartition]) -> dict[TopicPartition, int]:
    """The log's ends, undecided records included: a read_uncommitted consumer is told the high watermark."""
    consumer = KafkaConsumer(**connection_options(settings), enable_auto_commit=False)
    try:
        return {where: int(end) for where, end in consumer.end_offsets(wheres).items()}
    finally:
        consumer.close()


def _absorb(table: dict[bytes, Record], items: list[Any]) -> None:
    for item in items:
        record = record_from(item)
        if record.key is None:
            continue
        if record.value is None:
            table.pop(record.key, None)
        else:
            table[record.key] = record
