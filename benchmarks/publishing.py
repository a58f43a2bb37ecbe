"""Frames into Kafka, and waiting until the stream has committed them."""

from __future__ import annotations

import time
from collections.abc import Iterable

from benchmarks.reporting import say
from sightline.adapters.kafka.lag import group_lag
from sightline.adapters.kafka.producer import FramePublisher
from sightline.settings import Settings
from sightline.types import EncodedFrame

_ASK_EVERY_S = 1.0
"""Seldom: asking costs the cores that are being measured."""


def publish_all(settings: Settings, frames: Iterable[EncodedFrame]) -> int:
    """Publish as fast as Kafka takes it; returns how many were sent, all acknowledged."""
    publisher = FramePublisher(settings)
    publisher.open()
    count = 0
    for frame in frames:
        publisher.publish(frame)
        count += 1
    publisher.close(timeout_s=120)
    return count


def wait_until_committed(settings: Settings, *, timeout_s: float) -> None:
    """Wait until every published frame has its outcome.

    Raises:
        TimeoutError: some had none in time.
    """
    deadline = time.monotonic() + timeout_s
    while lag := waiting(settings):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{lag} frames without an outcome after {timeout_s:g} s")
        say(f"{lag} frames to go")
        time.sleep(_ASK_EVERY_S)


def wait_until_begun(settings: Settings, count: int, *, timeout_s: float = 60.0) -> int:
    """Wait until the first of ``count`` published frames has its outcome; returns how many have none yet.

    Raises:
        TimeoutError: none had in time.
    """
    deadline = time.monotonic() + timeout_s
    while (left := waiting(settings)) == count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no frame had an outcome after {timeout_s:g} s")
        time.sleep(_ASK_EVERY_S / 5)
    return left


def waiting(settings: Settings) -> int:
    """Published frames that have no outcome yet."""
    kafka = settings.kafka
    group = kafka.topic_prefix + settings.stream.group_id
    return sum(group_lag(settings, group_id=group, topic=kafka.topic("camera_frames")).values())
