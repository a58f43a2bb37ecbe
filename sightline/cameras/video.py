"""Pictures of a video file."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sightline.cameras.options import SourceOptions
from sightline.cameras.pacing import Pacer, RateLimit
from sightline.cameras.pyav import VideoFault, decoded, frame_rate, open_video, to_jpeg
from sightline.errors import InputError
from sightline.ports import Clock
from sightline.types import EncodedFrame

_SAMPLE_BYTES = 1 << 20
_FALLBACK_FPS = 25.0


class VideoSource:
    """A video file as a camera: capture times are the start time and the container's own timestamps.

    Frame ids are ``<fingerprint>-<start>-<loop>-<index>``: publishing the same file with the same start time again makes
    the same ids, a later start or the next loop makes new ones.
    """

    def __init__(self, path: Path, *, options: SourceOptions, clock: Clock = time.monotonic) -> None:
        self._path = path
        self._options = options
        self._stopped = threading.Event()
        self._pacer = Pacer(paced=options.paced, clock=clock, stopped=self._stopped)
        self._lost = 0
        self._period_us = 0
        self._first_s = 0.0
        self._last_us = 0

    def frames(self) -> Iterator[EncodedFrame]:
        """Blocks until each picture is due.

        Raises:
            InputError: the file cannot be read, is not a video, or holds no picture that can be decoded.
        """
        limit = RateLimit(self._options.fps)
        identity = f"{file_fingerprint(self._path)}-{self._options.start_us}"
        began_us = self._options.start_us
        for loop in itertools.count():
            end_us = began_us
            for index, captured_at_us, picture in self._pictures(began_us):
                end_us = captured_at_us
                if not limit.takes(captured_at_us):
                    continue
                if not self._pacer.wait_until(captured_at_us):
                    return
                data = to_jpeg(picture, self._options.jpeg_quality)
                yield EncodedFrame(self._options.camera, f"{identity}-{loop}-{index}", captured_at_us, "image/jpeg", data)
            if not self._options.loop:
                return
            began_us = end_us + self._period_us

    def lost(self) -> int:
        """Pictures and packets of the file that are damaged."""
        return self._lost

    def close(self) -> None:
        """Let ``frames`` end at the next picture, from any thread."""
        self._stopped.set()

    def _pictures(self, began_us: int) -> Iterator[tuple[int, int, Any]]:
        """(index, capture time, ``av.VideoFrame``) of one run through the file."""
        index = -1
        try:
            with open_video(str(self._path)) as container:
                self._period_us = round(1e6 / (frame_rate(container) or _FALLBACK_FPS))
                for index, picture in enumerate(decoded(container, damaged=self._count_lost)):
                    yield index, began_us + self._elapsed_us(index, picture.time), picture
        except VideoFault as fault:
            raise InputError(f"{self._path} cannot be read as a video ({fault}): give a file that FFmpeg can play") from fault
        if index < 0:
            raise InputError(f"{self._path} holds no picture that can be decoded: give a file that FFmpeg can play")

    def _elapsed_us(self, index: int, time_s: float | None) -> int:
        """Time since the first picture of this run; by the frame rate where the container's is missing or runs back."""
        if index == 0:
            self._first_s, self._last_us = time_s or 0.0, 0
            return 0
        told_us = -1 if time_s is None else round((time_s - self._first_s) * 1e6)
        self._last_us = told_us if told_us > self._last_us else self._last_us + self._period_us
        return self._last_us

    def _count_lost(self) -> None:
        self._lost += 1


def file_fingerprint(path: Path) -> str:
    """16 hex digits that tell files apart: SHA-256 of the size and of the first and last MiB (a film is not read whole).

    Raises:
        InputError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            digest.update(file.read(_SAMPLE_BYTES))
            size = file.seek(0, 2)
            file.seek(max(0, size - _SAMPLE_BYTES))
            digest.update(file.read(_SAMPLE_BYTES))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    digest.update(str(size).encode())
    return digest.hexdigest()[:16]
