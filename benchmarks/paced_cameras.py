"""Cameras that publish now: stored frames at an even pace, under new ids and capture times."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from sightline.adapters.kafka.producer import FramePublisher
from sightline.settings import Settings
from sightline.types import EncodedFrame


class PacedCameras:
    """``with PacedCameras(settings, cameras, fps=20) as cameras: cameras.run(...)``; the cameras take turns."""

    def __init__(self, settings: Settings, cameras: Mapping[str, Sequence[EncodedFrame]], *, fps: float) -> None:
        self._publisher = FramePublisher(settings)
        self._frames = _in_turn(cameras)
        self._period_s = 1 / fps

    def __enter__(self) -> Self:
        self._publisher.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._publisher.close()

    def run(self, warm_up_s: float, seconds: float) -> int:
        """Publish for so long; returns the capture time from which on frames count, after the warm-up."""
        began_s = time.time()
        for number in itertools.count():
            due_s = began_s + number * self._period_s
            if due_s > began_s + warm_up_s + seconds:
                break
            time.sleep(max(0.0, due_s - time.time()))
            self._publish(number)
        self._publisher.flush(timeout_s=30)
        return int((began_s + warm_up_s) * 1e6)

    def _publish(self, number: int) -> None:
        stored = next(self._frames)
        now_us = int(time.time() * 1e6)
        frame = EncodedFrame(stored.camera, f"live-{number}", now_us, stored.content_type, stored.data)
        self._publisher.publish(frame)


def _in_turn(cameras: Mapping[str, Sequence[EncodedFrame]]) -> Iterator[EncodedFrame]:
    """One frame of each camera after another, for ever."""
    endless = [itertools.cycle(frames) for frames in cameras.values()]
    for camera in itertools.cycle(endless):
        yield next(camera)
