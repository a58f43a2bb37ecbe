"""The topics of the product, and the cluster's id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import errors as kafka_errors
from kafka.admin import KafkaAdminClient

from sightline.adapters.kafka.client import connection_options, kafka_errors_mapped
from sightline.errors import ConfigurationError
from sightline.settings import Settings

DEAD_LETTER_RETENTION_MS = 7 * 24 * 3_600_000
STATE_SEGMENT_BYTES = 16 * 1024 * 1024
CREATION_TIMEOUT_MS = 30_000


def topic_configs(settings: Settings) -> dict[str, dict[str, str]]:
    """Full topic name -> Kafka's settings of it."""
    kafka = settings.kafka
    size = {"max.message.bytes": str(kafka.max_message_bytes)}
    return {
        kafka.topic("camera_frames"): size
        | {
            "cleanup.policy": "delete",
            "retention.ms": str(int(kafka.frame_retention_h * 3_600_000)),
            "retention.bytes": str(kafka.frame_retention_bytes),
            "segment.bytes": str(256 * 1024 * 1024),
        },
        kafka.topic("sightings"): size | {"cleanup.policy": "compact"},
        # One record a camera and transaction, each replacing the last: small segments let the cleaner keep up.
        kafka.topic("camera_state"): size
        | {
            "cleanup.policy": "compact",
            "segment.bytes": str(STATE_SEGMENT_BYTES),
            "segment.ms": str(600_000),
            "min.cleanable.dirty.ratio": "0.2",
            "delete.retention.ms": str(3_600_000),
        },
        kafka.topic("dead_letters"): size
        | {"cleanup.policy": "delete", "retention.ms": str(DEAD_LETTER_RETENTION_MS), "segment.bytes": str(256 * 1024 * 1024)},
    }


def create_topics(settings: Settings) -> None:
    """Create the topics that are not there yet; topics that are there keep their settings.

    Raises:
        ConfigurationError: frames, sightings and camera state have not the same number of partitions.
        ServiceError: the cluster refuses, or does not answer.
    """
    wanted = topic_configs(settings)
    with open_admin(settings) as admin:
        have = partition_counts(admin, list(wanted))
        missing = {name: configs for name, configs in wanted.items() if name not in have}
        partitions = _partitions_of_siblings(settings, have)
        for name, configs in missing.items():
            _create(admin, name, configs, partitions=partitions, replication=settings.kafka.replication)
        if missing:
            admin.wait_for_topics(list(missing), timeout_ms=CREATION_TIMEOUT_MS)


def cluster_id(settings: Settings) -> str:
    """The id that the Kafka cluster gave itself; proof that it answers.

    Raises:
        ServiceError: it does not answer.
    """
    with open_admin(settings) as admin:
        return str(admin.describe_cluster()["cluster_id"])


@contextmanager
def open_admin(settings: Settings) -> Iterator[Any]:
    """A ``KafkaAdminClient``, closed at the end; its errors are ours."""
    with kafka_errors_mapped("asking the cluster"):
        admin = KafkaAdminClient(**connection_options(settings.kafka), request_timeout_ms=15_000)
        try:
            yield admin
        finally:
            admin.close()


def partition_counts(admin: Any, topics: list[str]) -> dict[str, int]:
    """Topic -> its number of partitions, for those of the topics that exist."""
    described = admin.describe_topics(topics)
    return {topic["name"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}


def _partitions_of_siblings(settings: Settings, have: Mapping[str, int]) -> int:
    """How many partitions new topics get: as many as those that are there, else the setting's number."""
    siblings = [settings.kafka.topic(name) for name in ("camera_frames", "sightings", "camera_state")]
    counts = {name: have[name] for name in siblings if name in have}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ConfigurationError(
            f"frames, sightings and camera state need the same number of partitions, but {listed}: delete the topic that is "
            "wrong and run `sightline up` again, or set another kafka.topic_prefix"
        )
    return next(iter(counts.values()), settings.kafka.partitions)


def _create(admin: Any, name: str, configs: Mapping[str, str], *, partitions: int, replication: int) -> None:
    topic = {"num_partitions": partitions, "replication_factor": replication, "configs": dict(configs)}
    try:
        admin.create_topics({name: topic}, timeout_ms=CREATION_TIMEOUT_MS)
    except kafka_errors.TopicAlreadyExistsError:
        return  # another `sightline up` was quicker
