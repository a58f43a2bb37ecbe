"""Pictures of a camera that is plugged into this machine (Video4Linux)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sightline.cameras.live import LivePictures
from sightline.cameras.options import SourceOptions
from sightline.cameras.pyav import VideoFault, decoded, frame_rate, open_video
from sightline.errors import InputError
from sightline.ports import Clock
from sightline.types import EncodedFrame

_TIMEOUT_S = 5.0


class WebcamSource:
    """A Video4Linux device, ``/dev/video<N>``. It ends when the device goes away."""

    def __init__(self, device: Path, *, options: SourceOptions, clock: Clock = time.time) -> None:
        self._device = device
        self._options = options
        self._clock = clock
        self._stopped = threading.Event()
        self._pictures: LivePictures | None = None

    def frames(self) -> Iterator[EncodedFrame]:
        """Blocks until the next picture is there.

        Raises:
            InputError: there is no such device, it may not be used, or it went away.
        """
        pictures = self._pictures = LivePictures(self._options, opened_us=self._now_us())
        try:
            with open_video(str(self._device), kind="v4l2", timeout_s=_TIMEOUT_S) as container:
                pictures.connected(frame_rate(container))
                for picture in decoded(container, damaged=lambda: None):  # a damaged one leaves a gap, which is counted
                    frame = pictures.take(picture, arrived_us=self._now_us())
                    if self._stopped.is_set():
                        return
                    if frame is not None:
                        yield frame
        except VideoFault as fault:
            raise InputError(f"webcam {self._device}: {fault}: {_next_step(self._device)}") from fault

    def lost(self) -> int:
        """Pictures missed since the device was opened."""
        return self._pictures.lost if self._pictures else 0

    def close(self) -> None:
        """Let ``frames`` end at the next picture, from any thread."""
        self._stopped.set()

    def _now_us(self) -> int:
        return round(self._clock() * 1e6)


def _next_step(device: Path) -> str:
    if not device.exists():
        found = ", ".join(sorted(str(path) for path in device.parent.glob("video[0-9]*")))
        return f"plug one in (found here: {found or 'none'})"
    if not os.access(device, os.R_OK | os.W_OK):
        return "add your user to the group `video` and log in again"
    return "close other programs that use it, or unplug it and plug it in again"
