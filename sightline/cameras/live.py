"""What live sources share: each decoded picture gets its capture time, its id, and a place in the count."""

from __future__ import annotations

from typing import Any

from sightline.cameras.capture_time import CaptureClock, GapCounter
from sightline.cameras.options import SourceOptions
from sightline.cameras.pacing import RateLimit
from sightline.cameras.pyav import to_jpeg
from sightline.types import EncodedFrame


class LivePictures:
    """Stamps, counts and encodes the pictures of one live camera, over all its connections.

    Frame ids are ``<time of opening>-<index>``: unique, since no camera is opened twice in a microsecond.
    """

    def __init__(self, options: SourceOptions, *, opened_us: int) -> None:
        self._options = options
        self._opened_us = opened_us
        self._clock = CaptureClock()
        self._gaps = GapCounter()
        self._limit = RateLimit(options.fps)
        self._index = 0
        self._last_us: int | None = None
        self._reconnected = False

    @property
    def lost(self) -> int:
        return self._gaps.lost

    def connected(self, declared_fps: float | None) -> None:
        """A connection begins, the first or another; ``declared_fps`` is what it says of its rate."""
        self._clock.restart()
        self._gaps.connected(declared_fps)
        self._reconnected = self._last_us is not None

    def take(self, picture: Any, *, arrived_us: int) -> EncodedFrame | None:
        """The ``av.VideoFrame`` that arrived then as a frame; None if the frame rate asked for leaves it out."""
        stream_us = arrived_us if picture.time is None else round(picture.time * 1e6)
        captured_at_us = self._clock.captured_at_us(stream_us, arrived_us=arrived_us)
        if self._reconnected and self._last_us is not None:
            self._gaps.outage(captured_at_us - self._last_us)
            self._reconnected = False
        self._gaps.observe(stream_us)
        self._last_us = captured_at_us
        if not self._limit.takes(captured_at_us):
            return None
        self._index += 1
        frame_id = f"{self._opened_us}-{self._index - 1}"
        data = to_jpeg(picture, self._options.jpeg_quality)
        return EncodedFrame(self._options.camera, frame_id, captured_at_us, "image/jpeg", data)
