"""Frames into Kafka: idempotent, in order for each camera, with bounded memory and a bounded patience."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from sightline.adapters.kafka.client import SERVICE, connection_options, kafka_errors_mapped
from sightline.adapters.kafka.in_flight import InFlight
from sightline.adapters.kafka.message_limit import topic_message_limit
from sightline.errors import ServiceError, ServiceUnavailable
from sightline.ports import Clock
from sightline.settings import Settings
from sightline.types import EncodedFrame
from sightline.wire import frame_to_message

logger = logging.getLogger(__name__)

_BATCH_BYTES = 256 * 1024
_FORCED_CLOSE_S = 2.0
_GRACE_S = 5.0
"""Beyond the patience. kafka-python fails frames by itself then, but not while it waits for a producer's id."""


@dataclass(frozen=True, slots=True)
class PublishLimits:
    """What may wait for Kafka's acknowledgement, in all cameras together, and for how long."""

    frames: int = 256
    bytes: int = 64 * 1024 * 1024
    patience_s: float = 120.0
    """A frame that was not acknowledged for so long has failed; so has the publisher, if nothing else goes through."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a camera's frames so far.

    Attributes:
        frames, bytes: acknowledged by Kafka.
        too_large: not sent for their size (``kafka.max_message_bytes``, or the topic's own limit).
        failed: not acknowledged within the patience, or given up at the end.
    """

    frames: int = 0
    bytes: int = 0
    too_large: int = 0
    failed: int = 0


class FramePublisher:
    """A producer of ``camera-frames``. Several threads may publish, each camera from one of them.

    A frame that is sent again after a lost acknowledgement is stored once (the idempotent producer takes care of that).
    Reaching a bound blocks :meth:`publish`: that is the back-pressure.
    """

    def __init__(self, settings: Settings, *, limits: PublishLimits | None = None, clock: Clock = time.monotonic) -> None:
        self._settings = settings
        self._limits = limits or PublishLimits()
        self._topic = settings.kafka.topic("camera_frames")
        self._producer: KafkaProducer | None = None
        self._max_bytes = settings.kafka.max_message_bytes
        self._in_flight = InFlight(
            max_frames=self._limits.frames,
            max_bytes=self._limits.bytes,
            patience_s=self._limits.patience_s + _GRACE_S,
            clock=clock,
        )
        self._counting = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def open(self) -> None:
        """Connect.

        Raises:
            ConfigurationError: no cluster is named.
            ServiceError: no broker answers, or there is no topic for frames; the next step is named.
        """
        kafka = self._settings.kafka
        patience_ms = int(self._limits.patience_s * 1000)
        self._max_bytes = topic_message_limit(kafka, self._topic)
        with kafka_errors_mapped(f"connecting to {kafka.bootstrap_servers}"):
            self._producer = KafkaProducer(
                **connection_options(kafka),
                client_id="sightline-publish",
                enable_idempotence=True,
                max_request_size=self._max_bytes,
                batch_size=min(_BATCH_BYTES, self._max_bytes),
                delivery_timeout_ms=patience_ms,
                request_timeout_ms=min(10_000, patience_ms),
                max_block_ms=10_000,
                allow_auto_create_topics=False,
            )
        with kafka_errors_mapped(f"looking for the topic {self._topic} (`sightline up` creates it)"):
            self._producer.partitions_for(self._topic)

    def publish(self, frame: EncodedFrame) -> None:
        """Hand a frame over; returns once there is room for it, before it is acknowledged.

        A frame that is too large is counted and named in the log, and not sent; the camera goes on.

        Raises:
            ServiceUnavailable: nothing got through for as long as the patience lasts, or the publisher is closed.
            ServiceError: Kafka refuses our frames (no permission, for example).
        """
        size = len(frame.data)
        with kafka_errors_mapped("publishing"):
            has_room = self._in_flight.enter(size)
        if not has_room:
            self._give_up()
        try:
            with kafka_errors_mapped(f"publishing for camera {frame.camera}"):
                future = self._send(frame)
        except ServiceError as error:
            self._in_flight.leave(size, acknowledged=False)
            if not isinstance(error.__cause__, kafka_errors.MessageSizeTooLargeError):
                raise
            self._too_large(frame)
            return
        future.add_callback(lambda _: self._acknowledged(frame))
        future.add_errback(lambda error: self._failed(frame, error))

    def flush(self, *, timeout_s: float) -> None:
        """Wait until every frame is acknowledged or has failed.

        Raises:
            ServiceUnavailable: some were still waiting at the end of the time.
        """
        waiting = self._in_flight.wait_until_empty(timeout_s)
        if waiting:
            raise ServiceUnavailable(SERVICE, f"{waiting} frames not acknowledged in {timeout_s:g} s: see `sightline status`")

    def close(self, *, timeout_s: float = 10.0) -> None:
        """Flush, disconnect and count what is still waiting as failed; safe to call twice.

        Raises:
            ServiceUnavailable: some frames were still waiting at the end of the time.
        """
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            self.flush(timeout_s=timeout_s)
        finally:
            self._in_flight.end(ServiceUnavailable(SERVICE, "the publisher is closed"))
            _stop(producer)

    def delivered(self, camera: str) -> Delivered:
        """What became of a camera's frames so far."""
        with self._counting:
            return Delivered(*(self._counts[camera, what] for what in ("frames", "bytes", "too_large", "failed")))

    @property
    def silent_s(self) -> float:
        """For how many seconds frames have waited and Kafka has acknowledged none; 0 while all goes well."""
        return self._in_flight.silent_s

    def _give_up(self) -> NoReturn:
        """Fail all frames in flight; no more are taken."""
        error = ServiceUnavailable(SERVICE, f"no frame acknowledged in {self._limits.patience_s:g} s: see `sightline status`")
        self._in_flight.end(error)
        producer, self._producer = self._producer, None
        if producer is not None:
            _stop(producer)
        raise error

    def _send(self, frame: EncodedFrame) -> Any:
        producer = self._producer
        if producer is None:
            raise ServiceUnavailable(SERVICE, "the publisher is closed")
        message = frame_to_message(frame, self._topic)
        return producer.send(message.topic, value=message.value, key=message.key, headers=list(message.headers))

    def _acknowledged(self, frame: EncodedFrame) -> None:
        self._count(frame, frames=1, bytes=len(frame.data))
        self._in_flight.leave(len(frame.data), acknowledged=True)

    def _failed(self, frame: EncodedFrame, error: Exception) -> None:
        if self._in_flight.end(error):  # the frames that follow fail for the same reason
            logger.error("camera %s: frame %s was not delivered: %s", frame.camera, frame.frame_id, error)
        self._count(frame, failed=1)
        self._in_flight.leave(len(frame.data), acknowledged=False)

    def _too_large(self, frame: EncodedFrame) -> None:
        self._count(frame, too_large=1)
        logger.warning(
            "camera %s: frame %s of %d bytes is too large for Kafka, which takes %d: lower the picture's size or quality, or "
            "raise kafka.max_message_bytes and the topic's max.message.bytes",
            *(frame.camera, frame.frame_id, len(frame.data), self._max_bytes),
        )

    def _count(self, frame: EncodedFrame, **amounts: int) -> None:
        with self._counting:
            for what, amount in amounts.items():
                self._counts[frame.camera, what] += amount


def _stop(producer: KafkaProducer) -> None:
    """Fail what is still waiting and stop the producer's thread; kafka-python has no public way past a silent broker."""
    producer._sender.force_close()
    producer._sender.join(_FORCED_CLOSE_S)
    producer.close(timeout=0)
