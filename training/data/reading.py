"""Pictures from their files: each is read once when a set is opened, and kept in memory as far as there is room.

Reading tells which files are broken, what the set's fingerprint is and how large the pictures are; decoding them then is the
smaller part of the work, so it is done then too.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import InputError, RejectedFrame
from sightline.geometry import integer_box, xywh_to_xyxy
from sightline.types import UInt8Array
from training.data.records import Picture

log = logging.getLogger(__name__)

_LIMITS = ImageLimits(max_bytes=64 * 2**20, max_pixels=40_000_000, max_side=16_384)
_NAMED = 5
"""How many broken files a message names."""
_AHEAD = 256
"""Files in work at a time: what is not kept is let go of before many more are read."""


class Memory:
    """Room for decoded pictures, in bytes; once something did not fit, it is full. Thread-safe."""

    def __init__(self, budget_bytes: int) -> None:
        self._lock = threading.Lock()
        self.budget_bytes = budget_bytes
        self.used_bytes = 0
        self.full = False

    def takes(self, image: UInt8Array) -> bool:
        """Whether there is room for a picture; it is taken if there is."""
        with self._lock:
            self.full = self.full or self.used_bytes + image.nbytes > self.budget_bytes
            self.used_bytes += 0 if self.full else image.nbytes
            return not self.full


@dataclass(frozen=True, slots=True, eq=False)
class StoredPicture:
    """A picture that was read once and is sound.

    Attributes:
        picture: whom it shows, and where its file is.
        digest: of the file's bytes.
        size_wh: width and height of the person's picture, pixels, before it is shrunk.
        resolution: it is shrunk to this part of its width and height.
        kept: uint8 RGB (H, W, 3), never written to; None = it is read again each time.
    """

    picture: Picture
    digest: bytes
    size_wh: tuple[int, int]
    resolution: float = 1.0
    kept: UInt8Array | None = None

    def pixels(self) -> UInt8Array:
        """uint8 RGB (H, W, 3): the person. Thread-safe; the array may be shared, so it is never written to.

        Raises:
            InputError: the file is gone, or broken by now.
        """
        if self.kept is not None:
            return self.kept
        path = self.picture.path
        return _shrunk(_person(_decoded(_bytes(path), path), self.picture), self.resolution)


def read_each(
    pictures: Sequence[Picture],
    *,
    memory: Memory,
    resolution: float = 1.0,
    threads: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[StoredPicture | InputError]:
    """Read each picture once, the first ones into memory; what cannot be read is an error in its place.

    Args:
        pictures: in the order in which memory is given out.
        memory: where decoded pictures are kept.
        resolution: the part of their width and height to which they are shrunk; 1 = as they are.
        threads: that read; decoding gives up the GIL.
        on_progress: told how many are done, and how many there are.
    """

    def read(picture: Picture) -> StoredPicture | InputError:
        try:
            return _read(picture, memory, resolution)
        except InputError as error:
            return error

    results: list[StoredPicture | InputError] = []
    with ThreadPoolExecutor(threads, thread_name_prefix="read-pictures") as pool:
        for begin in range(0, len(pictures), _AHEAD):
            results += pool.map(read, pictures[begin : begin + _AHEAD])
            on_progress(len(results), len(pictures))
    return results


def read_all(
    pictures: Sequence[Picture],
    *,
    memory: Memory,
    resolution: float = 1.0,
    skip_broken: bool = False,
    threads: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[StoredPicture, ...]:
    """:func:`read_each`, of pictures that can be read.

    Args:
        skip_broken: leave out what cannot be read, and log it, instead of raising.

    Raises:
        InputError: pictures cannot be read; the message counts and names them.
    """
    results = read_each(pictures, memory=memory, resolution=resolution, threads=threads, on_progress=on_progress)
    broken = [result for result in results if isinstance(result, InputError)]
    if broken:
        _tell_of(broken, len(pictures), skip_broken)
    return tuple(result for result in results if isinstance(result, StoredPicture))


def _tell_of(broken: Sequence[InputError], total: int, skip: bool) -> None:
    named = "; ".join(map(str, broken[:_NAMED])) + ("; …" if len(broken) > _NAMED else "")
    what = f"{len(broken)} of {total} pictures cannot be read: {named}"
    if not skip:
        raise InputError(f"{what}. Repair or remove them, or skip them (data.broken=skip)")
    log.warning("%s. They are left out", what)


def _read(picture: Picture, memory: Memory, resolution: float) -> StoredPicture:
    data = _bytes(picture.path)
    person = _person(_decoded(data, picture.path), picture)
    size_wh = (person.shape[1], person.shape[0])
    small = _shrunk(person, resolution)
    kept = np.ascontiguousarray(small) if memory.takes(small) else None
    return StoredPicture(picture, hashlib.blake2b(data, digest_size=16).digest(), size_wh, resolution, kept)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} ({error.strerror or error})") from error


def _decoded(data: bytes, path: Path) -> UInt8Array:
    try:
        return decode_image(data, limits=_LIMITS)
    except RejectedFrame as error:
        raise InputError(f"{path} ({error})") from error


def _person(image: UInt8Array, picture: Picture) -> UInt8Array:
    """The pixels of the person's box, as the stream cuts it out for a model that takes no margin."""
    if picture.box_xywh is None:
        return image
    box = xywh_to_xyxy(np.array(picture.box_xywh, np.float32))
    left, top, right, bottom = integer_box(box, (image.shape[1], image.shape[0]))
    return image[top:bottom, left:right]


def _shrunk(image: UInt8Array, resolution: float) -> UInt8Array:
    if resolution == 1:
        return image
    size_wh = tuple(max(1, round(side * resolution)) for side in image.shape[1::-1])
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
