"""The memory of a process over time."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from benchmarks.consumption import rss_mib
from benchmarks.summaries import slope_per_minute

_EVERY_S = 0.1


class MemoryWatch:
    """``with MemoryWatch(pid) as memory``: samples resident memory ten times a second.

    Attributes:
        times_s: of the samples, monotonic.
        mib: the samples.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.times_s: list[float] = []
        self.mib: list[float] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def slope_mib_per_minute(self) -> float:
        """How much it climbs a minute, by the straight line through all samples."""
        return slope_per_minute(self.times_s, self.mib)

    def _sample(self) -> None:
        while True:
            self.times_s.append(time.monotonic())
            self.mib.append(rss_mib(self._pid))
            if self._ended.wait(_EVERY_S):
                return
