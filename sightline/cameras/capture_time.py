"""When a live camera saw a picture, and which pictures went missing on the way."""

from __future__ import annotations

import statistics
from collections import deque

_RESYNC_US = 2_000_000
_DRIFT = 1e-4
"""How far a camera's clock may run apart from ours: 100 parts per million, ten times a cheap quartz."""
_MAX_GAP_US = 60_000_000
_REMEMBERED_GAPS = 31


class CaptureClock:
    """Turns the timestamps of a live stream into capture times on our clock.

    A picture arrives some delay after it was taken, and the delay varies; the smallest seen is the best estimate of where
    the camera's time begins on ours. It may rise slowly, since two clocks drift apart.
    """

    def __init__(self) -> None:
        self._offset_us: float | None = None
        self._stream_us = 0
        self._last_us = 0

    def restart(self) -> None:
        """The stream's timestamps begin anew (another connection)."""
        self._offset_us = None

    def captured_at_us(self, stream_us: int, *, arrived_us: int) -> int:
        """The capture time of a picture with this timestamp that arrived then; later than the last one's."""
        offset = arrived_us - stream_us
        if self._offset_us is None or offset - self._offset_us > _RESYNC_US:
            self._offset_us = offset
        else:
            drifted = self._offset_us + _DRIFT * max(0, stream_us - self._stream_us)
            self._offset_us = min(drifted, offset)
        self._stream_us = stream_us
        self._last_us = max(self._last_us + 1, round(stream_us + self._offset_us))
        return self._last_us


class GapCounter:
    """Counts the pictures that a live stream should have brought and did not.

    Within a connection they show as gaps between timestamps, against the usual distance (the median of the last ones,
    at first the rate that the stream declares). Over an outage they are its length times the rate.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._gaps_us: deque[int] = deque(maxlen=_REMEMBERED_GAPS)
        self._stream_us: int | None = None
        self._declared_fps: float | None = None

    def connected(self, declared_fps: float | None) -> None:
        """Timestamps begin anew; ``declared_fps`` is what the stream says of its rate."""
        self._declared_fps = declared_fps
        self._stream_us = None

    def observe(self, stream_us: int) -> None:
        """The next picture's timestamp."""
        if self._stream_us is not None:
            gap_us = stream_us - self._stream_us
            if 0 < gap_us < _MAX_GAP_US:  # else the camera has set its clock
                self._count(gap_us)
                self._gaps_us.append(gap_us)
        self._stream_us = stream_us

    def outage(self, length_us: int) -> None:
        """No picture came for so long, from the last one before an outage to the first one after it."""
        self._count(length_us)

    def _count(self, gap_us: int) -> None:
        usual_us = self._usual_gap_us()
        if usual_us is not None:
            self.lost += max(0, round(gap_us / usual_us) - 1)

    def _usual_gap_us(self) -> float | None:
        if self._gaps_us:
            return statistics.median(self._gaps_us)
        return 1e6 / self._declared_fps if self._declared_fps else None
