"""Pictures of a folder, published as they are."""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sightline.cameras.options import SourceOptions
from sightline.cameras.pacing import Pacer
from sightline.errors import InputError, RejectedFrame
from sightline.image_header import read_header
from sightline.picture_names import SUFFIXES
from sightline.ports import Clock
from sightline.types import EncodedFrame

DEFAULT_FPS = 10.0


class FolderSource:
    """The images of a folder as a camera, in the natural order of their names (2 before 10).

    Their bytes go out unchanged. Capture times begin with the start time and are 1/fps apart. Frame ids are
    ``<SHA-256 of the image>-<start>-<loop>-<index>``.
    """

    def __init__(self, folder: Path, *, options: SourceOptions, clock: Clock = time.monotonic) -> None:
        self._folder = folder
        self._options = options
        self._stopped = threading.Event()
        self._pacer = Pacer(paced=options.paced, clock=clock, stopped=self._stopped)

    def frames(self) -> Iterator[EncodedFrame]:
        """Blocks until each picture is due.

        Raises:
            InputError: the folder or an image cannot be read, or there is none.
        """
        images = _images(self._folder)
        period_us = 1e6 / (self._options.fps or DEFAULT_FPS)
        for loop in itertools.count() if self._options.loop else range(1):
            for index, path in enumerate(images):
                captured_at_us = self._options.start_us + round((loop * len(images) + index) * period_us)
                if not self._pacer.wait_until(captured_at_us):
                    return
                data = _read(path)
                frame_id = f"{hashlib.sha256(data).hexdigest()[:16]}-{self._options.start_us}-{loop}-{index}"
                yield EncodedFrame(self._options.camera, frame_id, captured_at_us, _content_type(data), data)

    def lost(self) -> int:
        """A folder loses nothing."""
        return 0

    def close(self) -> None:
        """Let ``frames`` end at the next picture, from any thread."""
        self._stopped.set()


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names as people do: runs of digits by their number, the rest by letters regardless of case."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple((0, int(part), part) if part[0] in "0123456789" else (1, 0, part.casefold()) for part in parts)


def _images(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from error
    if not found:
        raise InputError(f"{folder} holds no image: put {', '.join(sorted(SUFFIXES))} files into it")
    return sorted(found, key=lambda path: natural_key(path.name))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _content_type(data: bytes) -> str:
    """By the bytes; what cannot be told is published all the same, and judged by the stream."""
    try:
        return read_header(data).content_type
    except RejectedFrame:
        return "application/octet-stream"
