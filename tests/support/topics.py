"""Reading a topic from its beginning to where it ends now."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition

from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.consumer import record_from
from sightline.settings import Settings
from sightline.wire import Record


def read_topic(settings: Settings, topic: str) -> list[Record]:
    """Every record, each partition in its order."""
    options = {"enable_auto_commit": False, "max_partition_fetch_bytes": 16 * 1024 * 1024, "fetch_max_wait_ms": 50}
    consumer = KafkaConsumer(**connection_options(settings.kafka), **options)
    try:
        partitions = [TopicPartition(topic, index) for index in consumer.partitions_for_topic(topic)]
        ends = consumer.end_offsets(partitions)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        records: list[Record] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for items in consumer.poll(timeout_ms=200).values():
                records.extend(record_from(item) for item in items)
        return records
    finally:
        consumer.close()
