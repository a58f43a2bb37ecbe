"""When a picture is due, and which pictures to take at a lower rate."""

from __future__ import annotations

import threading

from sightline.ports import Clock

_TOLERANCE = 0.25
"""Of the distance between two pictures: so much jitter in their times changes nothing in the choice."""


class Pacer:
    """Lets recorded pictures appear at the distances at which they were taken."""

    def __init__(self, *, paced: bool, clock: Clock, stopped: threading.Event) -> None:
        self._paced = paced
        self._clock = clock
        self._stopped = stopped
        self._origin: tuple[float, int] | None = None

    def wait_until(self, captured_at_us: int) -> bool:
        """Block until the picture is due, counted from the first one. False = stopped meanwhile."""
        if self._origin is None:
            self._origin = (self._clock(), captured_at_us)
        began_s, first_us = self._origin
        delay_s = began_s + (captured_at_us - first_us) / 1e6 - self._clock()
        if self._paced and delay_s > 0:
            self._stopped.wait(delay_s)
        return not self._stopped.is_set()


class RateLimit:
    """Picks pictures so that at most ``fps`` a second are left, evenly spaced and without drift; None picks all."""

    def __init__(self, fps: float | None) -> None:
        self._fps = fps
        self._first_us: int | None = None
        self._last_slot = -1

    def takes(self, captured_at_us: int) -> bool:
        """Whether to take this picture; ask once for each, in order."""
        if self._fps is None:
            return True
        if self._first_us is None:
            self._first_us = captured_at_us
        slot = int((captured_at_us - self._first_us) / 1e6 * self._fps + _TOLERANCE)
        if slot <= self._last_slot:
            return False
        self._last_slot = slot
        return True
