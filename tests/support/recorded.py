"""Records of the topic ``sightings``, as a camera stream would leave them: in transactions, some of them aborted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np
from kafka import KafkaProducer

from sightline.adapters.kafka.client import connection_options
from sightline.settings import Settings
from sightline.types import Sighting
from sightline.wire import sighting_to_message

SPACE, DIMENSION = "reid_test_v1_32_0123456789ab", 32


def make_sightings(count: int, *, space: str = SPACE, seed: int = 0) -> list[Sighting]:
    """Sightings with random embeddings, a minute apart, of three cameras."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((count, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Sighting(
            sighting_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}/{index}")),
            camera=f"camera-{index % 3}",
            frame_id=f"frame-{index}",
            captured_at_us=1_700_000_000_000_000 + index * 60_000_000,
            track=f"camera-{index % 3}/track",
            box_xywh=(1.0, 2.0, 30.0, 60.0),
            score=0.9,
            quality=0.8,
            embedding=vectors[index],
            space=space,
        )
        for index in range(count)
    ]


def record(settings: Settings, what: Sequence[Sighting | tuple[str, bytes | None]], *, commit: bool = True) -> None:
    """Write sightings, or (key, value) as they are, in one transaction that is committed or aborted."""
    topic, partitions = settings.kafka.topic("sightings"), settings.kafka.partitions
    producer = KafkaProducer(**connection_options(settings.kafka), transactional_id=f"recorded-{uuid.uuid4().hex}")
    producer.init_transactions()
    producer.begin_transaction()
    for one in what:
        if isinstance(one, Sighting):
            message = sighting_to_message(one, topic, _partition(one.sighting_id, partitions))
            headers = list(message.headers)
            producer.send(topic, key=message.key, value=message.value, headers=headers, partition=message.partition)
        else:
            key, value = one
            producer.send(topic, key=key.encode(), value=value, partition=_partition(key, partitions))
    if commit:
        producer.commit_transaction()
    else:
        producer.abort_transaction()
    producer.close()


def _partition(key: str, partitions: int) -> int:
    """Any rule will do, if it is always the same."""
    return sum(key.encode()) % partitions
