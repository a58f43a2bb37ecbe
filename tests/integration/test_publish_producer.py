"""Frames into a real Kafka: complete, in order, bounded, and honest about what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.topics import read_topic

from sightline.adapters.kafka.producer import Delivered, FramePublisher, PublishLimits
from sightline.errors import ConfigurationError, ServiceUnavailable
from sightline.settings import Settings, load_settings
from sightline.types import EncodedFrame
from sightline.wire import frame_from_record

pytestmark = pytest.mark.stack


def frame(camera: str, index: int, size: int = 20_000) -> EncodedFrame:
    data = b"\xff\xd8\xff" + index.to_bytes(4, "big") * (size // 4)
    return EncodedFrame(camera, f"{camera}-{index}", 1_700_000_000_000_000 + index * 100_000, "image/jpeg", data)


def publish_all(publisher: FramePublisher, frames: Iterable[EncodedFrame]) -> None:
    for each in frames:
        publisher.publish(each)


def published(settings: Settings) -> list[EncodedFrame]:
    return [frame_from_record(record, "cluster") for record in read_topic(settings, settings.kafka.topic("camera_frames"))]


def noted(indices: Iterable[int], handed_over: list[EncodedFrame]) -> Iterator[EncodedFrame]:
    """Frames of one camera, each noted when it is asked for."""
    for index in indices:
        handed_over.append(frame("hall", index))
        yield handed_over[-1]


def of(camera: str, frames: list[EncodedFrame]) -> list[EncodedFrame]:
    return [each for each in frames if each.camera == camera]


def test_frames_of_several_cameras_arrive_whole_and_in_order(kafka_settings: Settings) -> None:
    publisher = FramePublisher(kafka_settings, limits=PublishLimits(frames=8))
    publisher.open()
    sent = {camera: [frame(camera, index) for index in range(60)] for camera in ("hall", "stairs", "door")}
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(publish_all, publisher, frames) for frames in sent.values()]:
            done.result()
    publisher.close()
    arrived = published(kafka_settings)
    for camera, frames in sent.items():
        assert of(camera, arrived) == frames
        assert publisher.delivered(camera) == Delivered(60, sum(len(each.data) for each in frames))
    assert publisher.silent_s == 0


def test_a_frame_that_is_too_large_is_counted_and_the_camera_goes_on(
    kafka_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = FramePublisher(kafka_settings)
    publisher.open()
    sizes = (1000, kafka_settings.kafka.max_message_bytes + 1, 8 * 1024 * 1024, 1000)
    for index, size in enumerate(sizes):
        publisher.publish(frame("hall", index, size))
    publisher.close()
    assert [each.frame_id for each in published(kafka_settings)] == ["hall-0", "hall-2", "hall-3"]
    assert publisher.delivered("hall").too_large == 1
    assert publisher.delivered("hall").frames == 3
    assert "raise kafka.max_message_bytes" in caplog.text


def test_a_frame_larger_than_the_topic_takes_is_counted(stack: Callable[..., Settings]) -> None:
    settings = stack("kafka", kafka={"max_message_bytes": 100_000})
    larger = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"max_message_bytes": 2_000_000})})
    publisher = FramePublisher(larger)
    publisher.open()
    for index, size in enumerate((1000, 1_000_000, 1000)):
        publisher.publish(frame("hall", index, size))
    publisher.close()
    assert [each.frame_id for each in published(settings)] == ["hall-0", "hall-2"]
    assert publisher.delivered("hall").too_large == 1


def test_while_kafka_is_down_memory_is_bounded_and_then_all_arrives_once(private_stack: Callable[..., object]) -> None:
    own = private_stack("kafka")
    publisher = FramePublisher(own.settings, limits=PublishLimits(frames=5, patience_s=120))
    publisher.open()
    publisher.publish(frame("hall", 0))
    publisher.flush(timeout_s=20)
    own.kill("kafka")
    handed_over: list[EncodedFrame] = []
    thread = threading.Thread(target=publish_all, args=(publisher, noted(range(1, 40), handed_over)))
    thread.start()
    deadline = time.monotonic() + 60
    while publisher.silent_s < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert publisher.silent_s >= 3
    assert len(handed_over) == 6  # five wait for Kafka, the sixth for room
    own.revive()
    thread.join(90)
    publisher.close(timeout_s=60)
    assert [each.frame_id for each in published(own.settings)] == [f"hall-{index}" for index in range(40)]
    assert publisher.delivered("hall").frames == 40
    assert publisher.delivered("hall").failed == 0


def test_patience_ends_with_an_error_and_every_frame_is_accounted_for(private_stack: Callable[..., object]) -> None:
    own = private_stack("kafka")
    publisher = FramePublisher(own.settings, limits=PublishLimits(frames=5, patience_s=3))
    publisher.open()
    own.kill("kafka")
    handed_over: list[EncodedFrame] = []
    with pytest.raises(ServiceUnavailable):
        publish_all(publisher, noted(range(40), handed_over))
    publisher.close(timeout_s=10)
    assert publisher.delivered("hall") == Delivered(failed=len(handed_over) - 1)  # the last one was not taken


def test_patience_ends_where_the_producer_never_gets_an_id(kafka_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when Kafka dies between connecting and the producer's id: kafka-python fails no frame then, however old."""
    publisher = FramePublisher(kafka_settings, limits=PublishLimits(frames=5, patience_s=1))
    monkeypatch.setattr("kafka.producer.transaction_manager.TransactionManager.has_producer_id", lambda _: False)
    publisher.open()
    with pytest.raises(ServiceUnavailable, match="no frame acknowledged in 1 s"):
        publish_all(publisher, [frame("hall", index) for index in range(40)])
    publisher.close()
    assert publisher.delivered("hall") == Delivered(failed=5)


def test_close_gives_up_in_time_and_counts_what_was_waiting(private_stack: Callable[..., object]) -> None:
    own = private_stack("kafka")
    publisher = FramePublisher(own.settings, limits=PublishLimits(frames=2))
    publisher.open()
    own.kill("kafka")
    handed_over: list[EncodedFrame] = []
    blocked = ThreadPoolExecutor().submit(publish_all, publisher, noted(range(40), handed_over))
    deadline = time.monotonic() + 30
    while len(handed_over) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(ServiceUnavailable, match="2 frames not acknowledged in 1 s"):
        publisher.close(timeout_s=1)
    with pytest.raises(ServiceUnavailable):
        blocked.result(timeout=30)
    assert publisher.delivered("hall") == Delivered(failed=2)
    publisher.close()


def test_without_a_broker_the_next_step_is_named() -> None:
    nobody = load_settings(kafka={"bootstrap_servers": "127.0.0.1:9"})
    with pytest.raises(ServiceUnavailable, match="sightline up"):
        FramePublisher(nobody).open()
    with pytest.raises(ConfigurationError, match="sightline up"):
        FramePublisher(load_settings(local={"state_dir": "/nonexistent"})).open()


def test_without_the_topic_the_next_step_is_named(kafka_settings: Settings) -> None:
    other = kafka_settings.model_copy(update={"kafka": kafka_settings.kafka.model_copy(update={"topic_prefix": "none-"})})
    publisher = FramePublisher(other)
    with pytest.raises(ServiceUnavailable, match=r"none-camera-frames.*sightline up"):
        publisher.open()
    publisher.close()
