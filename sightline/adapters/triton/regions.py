"""Pieces of shared memory that tensors travel in, as files in /dev/shm.

A region is locked by the process that made it for as long as it lives (flock). The kernel drops the lock with the
process, however that ends: a region without a lock is nobody's and whoever comes next removes it.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path("/dev/shm")  # noqa: S108 the place that shm_open() uses, and Triton reads
PREFIX = "sightline-tensors-"
ALIGNMENT = 64


class Region:
    """A locked file of ``capacity`` bytes, mapped into memory.

    Attributes:
        name: unique; also what Triton knows it by.
        capacity: bytes.
    """

    def __init__(self, name: str, capacity: int, file: int) -> None:
        self.name = name
        self.capacity = capacity
        self._file = file
        self._map = mmap.mmap(file, capacity)

    @property
    def key(self) -> str:
        """The name for ``shm_open``."""
        return f"/{self.name}"

    @classmethod
    def create(cls, capacity: int) -> Region:
        """Make a region whose memory is really there.

        Raises:
            OSError: there is no shared memory, or not so much of it.
        """
        while True:
            name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
            path = FOLDER / name
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not _is_still(path, file):  # swept away before it was locked
                    os.close(file)
                    continue
                # A sparse file would kill us with SIGBUS where /dev/shm is small, as it is in containers.
                os.posix_fallocate(file, 0, capacity)
                return cls(name, capacity, file)
            except OSError:
                path.unlink(missing_ok=True)
                os.close(file)
                raise

    def write(self, arrays: Sequence[NDArray[Any]]) -> list[int]:
        """Copy arrays in, one after another; returns where each begins, in bytes."""
        offsets, end = [], 0
        for array in arrays:
            target = np.ndarray(array.shape, array.dtype, buffer=self._map, offset=end)
            target[...] = array
            offsets.append(end)
            end += padded(array.nbytes)
        return offsets

    def close(self) -> None:
        """Remove the file and give the memory back; safe to call twice."""
        if self._file >= 0:
            (FOLDER / self.name).unlink(missing_ok=True)
            self._map.close()
            os.close(self._file)
            self._file = -1


def padded(size: int) -> int:
    """``size`` rounded up, so that the next array begins aligned."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def sweep() -> list[str]:
    """Remove the regions of dead processes; returns their names."""
    return [path.name for path in FOLDER.glob(f"{PREFIX}*") if _remove_if_unlocked(path)]


def exists(name: str) -> bool:
    """Whether there is a region of that name on this machine."""
    return (FOLDER / name).exists()


def _remove_if_unlocked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return False  # gone already, or another user's
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def _is_still(path: Path, file: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file).st_ino
    except FileNotFoundError:
        return False
