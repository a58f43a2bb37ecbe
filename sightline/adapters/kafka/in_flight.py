"""What was handed to Kafka and is not acknowledged yet: bounded in number and bytes, and waited for."""

from __future__ import annotations

import threading

from sightline.ports import Clock


class InFlight:
    """Room for messages that wait for their acknowledgement. Thread-safe; reaching the bound blocks :meth:`enter`."""

    def __init__(self, *, max_frames: int, max_bytes: int, patience_s: float, clock: Clock) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._clock = clock
        self._changed = threading.Condition()
        self._frames = 0
        self._bytes = 0
        self._progress_at = 0.0
        self._ended: Exception | None = None

    def enter(self, size: int) -> bool:
        """Take room for one message of ``size`` bytes; blocks while there is none. One larger than the bound goes alone.

        Returns:
            False = no room was taken: for as long as the patience lasts there was none, and nothing was acknowledged.

        Raises:
            Exception: the one that :meth:`end` was given.
        """
        with self._changed:
            while self._ended is None and self._is_full(size):
                left_s = self._progress_at + self._patience_s - self._clock()
                if left_s <= 0:
                    return False
                self._changed.wait(left_s)
            if self._ended is not None:
                raise self._ended
            if not self._frames:
                self._progress_at = self._clock()
            self._frames += 1
            self._bytes += size
            return True

    def leave(self, size: int, *, acknowledged: bool) -> None:
        """Give up the room of one message. An acknowledgement makes an earlier :meth:`end` void."""
        with self._changed:
            self._frames -= 1
            self._bytes -= size
            if acknowledged:
                self._ended = None
                self._progress_at = self._clock()
            self._changed.notify_all()

    def end(self, error: Exception) -> bool:
        """Let :meth:`enter` raise ``error`` from now on, also where it waits; False = it had ended before, for that reason."""
        with self._changed:
            if self._ended is not None:
                return False
            self._ended = error
            self._changed.notify_all()
            return True

    def wait_until_empty(self, timeout_s: float) -> int:
        """Wait until nothing is in flight, at most so long; how many still are."""
        with self._changed:
            self._changed.wait_for(lambda: not self._frames, timeout_s)
            return self._frames

    @property
    def silent_s(self) -> float:
        """For how many seconds messages have waited and none was acknowledged; 0 where none waits."""
        with self._changed:
            return self._clock() - self._progress_at if self._frames else 0.0

    def _is_full(self, size: int) -> bool:
        return self._frames > 0 and (self._frames >= self._max_frames or self._bytes + size > self._max_bytes)
