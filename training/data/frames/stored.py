"""Frames as they lie in memory: their bytes, still encoded, and their boxes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import InputError, RejectedFrame
from sightline.evaluation.detection.frames import LabelledFrame
from training.augment.frames.view import FrameView

_LIMITS = ImageLimits(max_bytes=64 * 2**20, max_pixels=40_000_000, max_side=16_384)


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrame:
    """A frame that was read once; decoding it each time costs a few ms, and a set fits into memory so."""

    frame: LabelledFrame
    data: bytes

    def view(self) -> FrameView:
        """The whole frame. Thread-safe.

        Raises:
            InputError: it cannot be decoded.
        """
        try:
            image = decode_image(self.data, limits=_LIMITS)
        except RejectedFrame as error:
            raise InputError(f"{self.frame.path} ({error})") from error
        return FrameView(image, self.frame.boxes_of((image.shape[0], image.shape[1])))


def read_frames(frames: Sequence[LabelledFrame], on_progress: Callable[[int, int], None]) -> tuple[StoredFrame, ...]:
    """Read each file.

    Raises:
        InputError: one is gone.
    """
    stored = []
    for frame in frames:
        try:
            stored.append(StoredFrame(frame, frame.path.read_bytes()))
        except OSError as error:
            raise InputError(f"{frame.path} ({error.strerror or error})") from error
        on_progress(len(stored), len(frames))
    return tuple(stored)


def frames_fingerprint(frames: Sequence[StoredFrame]) -> str:
    """SHA-256, in hex, over every frame's name, bytes and boxes; folders do not count, the order does."""
    total = hashlib.sha256()
    for stored in frames:
        total.update(stored.frame.path.name.encode())
        total.update(hashlib.sha256(stored.data).digest())
        total.update(np.ascontiguousarray(stored.frame.boxes).tobytes())
    return total.hexdigest()
