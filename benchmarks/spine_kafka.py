"""Kafka alone: publishing, reading, and the transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks import made_up
from benchmarks.spine_step import Step
from sightline.adapters.kafka.consumer import FrameConsumer
from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.kafka.transaction import TransactionalWriter
from sightline.settings import Settings
from sightline.stages.following import CameraMemory
from sightline.types import CameraState, Sighting, sighting_id
from sightline.wire import Message, camera_state_to_message, sighting_to_message

FRAMES_A_TRANSACTION = 12
"""What 0.2 s bring at 60 frames a second."""
CAMERAS = 3
_POLL_RECORDS = 16
_GIVE_UP_S = 60.0


def steps(settings: Settings, count: int) -> Iterator[Step]:
    """Publish, read, commit: in that order, since each needs what the one before left."""
    frames = list(made_up.frames(count, cameras=CAMERAS))
    publisher = FramePublisher(settings)
    publisher.open()

    def publish() -> None:
        for frame in frames:
            publisher.publish(frame)
        publisher.flush(timeout_s=_GIVE_UP_S)

    yield Step("Kafka: publish", "kafka", "frame", count, publish, publisher.close)

    consumer = FrameConsumer(settings, client_id="spine")
    consumer.open()
    first = _until_records(consumer)

    def read() -> None:
        left = count - first
        while left > 0:
            left -= len(consumer.poll(1.0, max_records=_POLL_RECORDS).records)

    yield Step(f"Kafka: read, {_POLL_RECORDS} at most a poll", "kafka", "frame", count - first, read)

    writer = TransactionalWriter(settings, transactional_id="spine")
    writer.open()
    messages = _messages(settings)
    transactions = max(1, count // FRAMES_A_TRANSACTION)

    def commit() -> None:
        for number in range(transactions):
            writer.commit(messages, {0: number + 1}, consumer.membership)
            consumer.poll(0, max_records=1)

    def close() -> None:
        writer.close()
        consumer.close()

    writer.commit(messages, {0: 0}, consumer.membership)
    name = f"Kafka: transaction of {FRAMES_A_TRANSACTION} frames ({CAMERAS} camera states, 1 sighting)"
    yield Step(name, "kafka", "transaction", transactions, commit, close)


def _until_records(consumer: FrameConsumer) -> int:
    """Join the group and read the first frames; returns how many they were."""
    deadline = time.monotonic() + _GIVE_UP_S
    while time.monotonic() < deadline:
        if records := consumer.poll(0.2, max_records=1).records:
            return len(records)
    raise TimeoutError(f"no frame came in {_GIVE_UP_S:g} s")


def _messages(settings: Settings) -> list[Message]:
    """What a transaction writes."""
    kafka = settings.kafka
    arrays = CameraMemory.from_arrays({}).to_arrays()
    states = [CameraState(f"camera-{number:02d}", arrays=arrays) for number in range(CAMERAS)]
    messages = [camera_state_to_message(state, kafka.topic("camera_state"), 0) for state in states]
    return [*messages, sighting_to_message(made_up_sighting(0), kafka.topic("sightings"), 0)]


def made_up_sighting(number: int) -> Sighting:
    """One of many."""
    vector = np.random.default_rng(number).standard_normal(made_up.DIMENSION).astype(np.float32)
    name = sighting_id("camera-00", "spine", number)
    return Sighting(
        sighting_id=name,
        camera="camera-00",
        frame_id=f"spine-{number}",
        captured_at_us=made_up.START_US + number,
        track=f"camera-00/{name}",
        box_xywh=(10.0, 20.0, 80.0, 240.0),
        score=0.9,
        quality=0.8,
        embedding=vector / np.linalg.norm(vector),
        space=made_up.EMBEDDER.embedding_space.name,
        crop_key=f"camera-00/2023-11-14/{name}.jpg",
        crop_box_xywh=(8.0, 24.0, 80.0, 240.0),
    )
