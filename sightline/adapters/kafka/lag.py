"""How far a consumer group is behind on a topic: in messages, and in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import OffsetSpec

from sightline.adapters.kafka.admin import open_admin, partition_counts
from sightline.adapters.kafka.client import connection_options, kafka_errors_mapped
from sightline.settings import Settings

COORDINATOR_TIMEOUT_S = 10.0
COORDINATOR_MOVES = (
    kafka_errors.CoordinatorNotAvailableError,
    kafka_errors.CoordinatorLoadInProgressError,
    kafka_errors.NotCoordinatorError,
)
READ_TIMEOUT_S = 3.0


def group_lag(settings: Settings, *, group_id: str, topic: str) -> dict[int, int]:
    """Partition -> messages of ``topic`` that ``group_id`` has yet to commit.

    On a topic that is written in transactions each commit marker counts as a message, so its lag reads too high.
    A topic that does not exist has no partitions: an empty answer.

    Raises:
        ServiceError: the cluster does not answer.
    """
    return {partition: end - start for partition, (start, end) in _unread(settings, group_id, topic).items()}


def oldest_waiting_us(settings: Settings, *, group_id: str, topic: str) -> int | None:
    """Timestamp, microseconds since the Unix epoch, of the oldest message that ``group_id`` has yet to commit.

    Reads the first waiting message of each partition. None = nothing waits, or it could not be read in three seconds.

    Raises:
        ServiceError: the cluster does not answer.
    """
    behind = {partition: start for partition, (start, end) in _unread(settings, group_id, topic).items() if end > start}
    times = _timestamps_ms(settings, {TopicPartition(topic, index): start for index, start in behind.items()})
    return min(times) * 1000 if times else None


def _unread(settings: Settings, group_id: str, topic: str) -> dict[int, tuple[int, int]]:
    """Partition -> the offset that the group reads next, and that behind the last message."""
    with open_admin(settings) as admin:
        count = partition_counts(admin, [topic]).get(topic, 0)
        partitions = [TopicPartition(topic, index) for index in range(count)]
        if not partitions:
            return {}
        first = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        end = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
        committed = _committed(admin, group_id, partitions)
    # A group starts at the first message that is still there, and so it does when what it had read was deleted.
    start = {part: max(committed.get(part, 0), first[part].offset) for part in partitions}
    return {part.partition: (start[part], max(start[part], end[part].offset)) for part in partitions}


def _committed(admin: Any, group_id: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    """The group's offsets where it has committed any."""
    deadline = time.monotonic() + COORDINATOR_TIMEOUT_S
    while True:
        try:
            offsets = admin.list_group_offsets({group_id: partitions})[group_id]
            return {partition: entry.offset for partition, entry in offsets.items() if entry.offset >= 0}
        except COORDINATOR_MOVES:  # also before the cluster's first group: Kafka makes the topic of offsets then
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _timestamps_ms(settings: Settings, starts: Mapping[TopicPartition, int]) -> list[int]:
    """When the first message at or behind each of these offsets was written."""
    if not starts:
        return []
    found: dict[TopicPartition, int] = {}
    with kafka_errors_mapped("reading what waits"):
        # One byte a partition: Kafka then sends the first batch and no more.
        consumer = KafkaConsumer(**connection_options(settings.kafka), max_partition_fetch_bytes=1, enable_auto_commit=False)
        try:
            consumer.assign(list(starts))
            for partition, offset in starts.items():
                consumer.seek(partition, offset)
            end = time.monotonic() + READ_TIMEOUT_S
            while len(found) < len(starts) and time.monotonic() < end:
                for partition, records in consumer.poll(timeout_ms=200).items():
                    found.setdefault(partition, records[0].timestamp)
                    consumer.pause(partition)
        finally:
            consumer.close()
    return list(found.values())
