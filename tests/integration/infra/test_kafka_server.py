"""The broker of the local stack: topics, large frames, and a crash."""

from __future__ import annotations

import httpx
import pytest
from kafka import KafkaConsumer, KafkaProducer

from sightline.adapters.kafka.admin import cluster_id, create_topics
from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.lag import group_lag, oldest_waiting_us
from sightline.errors import ConfigurationError

pytestmark = pytest.mark.stack


def _consumer(settings, topic, group):
    return KafkaConsumer(
        topic,
        **connection_options(settings.kafka),
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_bytes=32 * 1024 * 1024,
        max_partition_fetch_bytes=16 * 1024 * 1024,
        consumer_timeout_ms=20_000,
    )


def _producer(settings):
    return KafkaProducer(**connection_options(settings.kafka), max_request_size=settings.kafka.max_message_bytes)


def test_a_frame_of_eight_mebibytes_passes(kafka_settings):
    topic = kafka_settings.kafka.topic("camera_frames")
    value = bytes(8 * 1024 * 1024)
    producer = _producer(kafka_settings)
    producer.send(topic, key=b"door", value=value).get(timeout=30)
    producer.close()
    consumer = _consumer(kafka_settings, topic, "large")
    assert next(consumer).value == value
    consumer.close()


def test_creating_topics_twice_changes_nothing(kafka_settings):
    create_topics(kafka_settings)
    create_topics(kafka_settings)
    lag = group_lag(kafka_settings, group_id="nobody", topic=kafka_settings.kafka.topic("sightings"))
    assert lag == dict.fromkeys(range(kafka_settings.kafka.partitions), 0)


def test_a_new_topic_gets_as_many_partitions_as_its_siblings(stack, unique_prefix):
    few = stack("kafka", kafka={"partitions": 2})
    stack("kafka", kafka={"partitions": 3, "topics": {"camera_frames": "other-frames"}})
    assert len(group_lag(few, group_id="g", topic=f"{unique_prefix}other-frames")) == 2


def test_siblings_with_different_partition_counts_are_refused(stack):
    stack("kafka", kafka={"partitions": 2})
    others = {"camera_frames": "frames-3", "sightings": "sightings-3", "camera_state": "state-3"}
    stack("kafka", kafka={"partitions": 3, "topics": others})
    with pytest.raises(ConfigurationError, match="same number of partitions"):
        stack("kafka", kafka={"topics": {"camera_frames": "frames-3"}})


def test_the_oldest_waiting_message_is_the_first_that_is_not_committed(kafka_settings):
    topic = kafka_settings.kafka.topic("camera_frames")
    assert oldest_waiting_us(kafka_settings, group_id="reader", topic=topic) is None
    producer = _producer(kafka_settings)
    for partition, time_ms in ((0, 3_000), (1, 1_000), (1, 2_000)):
        producer.send(topic, value=bytes(100_000), partition=partition, timestamp_ms=time_ms).get(timeout=10)
    producer.close()
    assert oldest_waiting_us(kafka_settings, group_id="reader", topic=topic) == 1_000_000


def test_lag_counts_what_a_group_has_not_committed(kafka_settings):
    topic = kafka_settings.kafka.topic("camera_frames")
    producer = _producer(kafka_settings)
    for _ in range(5):
        producer.send(topic, value=b"x", partition=1).get(timeout=10)
    producer.close()
    assert group_lag(kafka_settings, group_id="reader", topic=topic)[1] == 5
    consumer = _consumer(kafka_settings, topic, "reader")
    for _, _record in zip(range(5), consumer, strict=False):
        consumer.commit()
    consumer.close()
    assert sum(group_lag(kafka_settings, group_id="reader", topic=topic).values()) == 0


def test_a_broker_that_is_killed_comes_back_with_its_messages(private_stack):
    private = private_stack("kafka")
    topic = private.settings.kafka.topic("camera_frames")
    producer = _producer(private.settings)
    producer.send(topic, value=b"kept").get(timeout=10)
    before = cluster_id(private.settings)
    private.kill("kafka")
    private.revive()
    assert cluster_id(private.settings) == before
    producer.send(topic, value=b"after").get(timeout=30)  # the same port: clients need not be told
    producer.close()
    consumer = _consumer(private.settings, topic, "reader")
    assert {next(consumer).value, next(consumer).value} == {b"kept", b"after"}
    consumer.close()


def test_the_broker_has_figures_of_each_topic_and_of_its_own_health(kafka_settings, session_servers):
    topic = kafka_settings.kafka.topic("camera_frames")
    producer = _producer(kafka_settings)
    for _ in range(3):
        producer.send(topic, key=b"door", value=b"frame").get(timeout=30)
    producer.close()
    port = session_servers.started["kafka"].record("kafka").ports["metrics"]
    figures = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text.splitlines()
    assert f'kafka_server_brokertopicmetrics_messagesin_total{{topic="{topic}"}} 3.0' in figures
    assert "kafka_server_replicamanager_underreplicatedpartitions 0.0" in figures
    assert "kafka_controller_kafkacontroller_offlinepartitionscount 0.0" in figures
    kept = [line for line in figures if line.startswith('kafka_log_log_size{partition="') and f'topic="{topic}"' in line]
    assert len(kept) == kafka_settings.kafka.partitions
    assert any(float(line.split()[-1]) > 0 for line in kept)
    slowest = 'kafka_network_requestmetrics_totaltimems{quantile="0.99",request="Produce"}'
    assert any(line.startswith(slowest) for line in figures)
