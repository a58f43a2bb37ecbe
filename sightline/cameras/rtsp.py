"""Pictures of an IP camera over RTSP, reconnecting for as long as it takes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from random import Random
from urllib.parse import urlsplit, urlunsplit

from sightline.cameras.backoff import Backoff
from sightline.cameras.live import LivePictures
from sightline.cameras.options import SourceOptions
from sightline.cameras.pyav import VideoFault, decoded, frame_rate, open_video
from sightline.errors import InputError
from sightline.ports import Clock
from sightline.types import EncodedFrame

logger = logging.getLogger(__name__)

_TIMEOUT_S = 5.0
_OPTIONS = {
    "rtsp_transport": "tcp",
    # Without these FFmpeg holds back the first seconds to guess at the rate, and all their capture times are late.
    "analyzeduration": "100000",
    "fpsprobesize": "0",
}


class RtspSource:
    """An RTSP camera, over TCP. It reconnects with back-off when the camera goes away, and counts what it missed.

    The camera's timestamps, laid on our clock, are the capture times. Every picture that is missing is counted: gaps
    between timestamps, pictures that arrived damaged, and outages times the rate.
    """

    def __init__(self, url: str, *, options: SourceOptions, clock: Clock = time.time, random: Random | None = None) -> None:
        self._url = url
        self._clock = clock
        self._options = options
        self._stopped = threading.Event()
        self._backoff = Backoff(first_s=0.5, longest_s=30.0, random=random or Random())
        self._pictures: LivePictures | None = None

    def frames(self) -> Iterator[EncodedFrame]:
        """Blocks until the next picture arrives; ends only by ``close``.

        Raises:
            InputError: the camera's first answer is that it will not let us, or has nothing under this address.
        """
        pictures = self._pictures = LivePictures(self._options, opened_us=self._now_us())
        answered = False
        while not self._stopped.is_set():
            try:
                for frame in self._connection(pictures):
                    answered = True
                    yield frame
                reason = "it ended the stream"
            except VideoFault as fault:
                reason = str(fault)
                if fault.refused and not answered:
                    raise InputError(f"{self._name()}: {reason}: check the address, path, user and password") from fault
            delay_s = self._backoff.next_s()
            if not self._stopped.is_set():
                logger.warning("%s: no pictures (%s); trying again in %.1f s", self._name(), reason, delay_s)
                self._stopped.wait(delay_s)

    def lost(self) -> int:
        """Pictures missed since the source was opened."""
        return self._pictures.lost if self._pictures else 0

    def close(self) -> None:
        """Let ``frames`` end, from any thread; a read that is under way may take its time-out."""
        self._stopped.set()

    def _connection(self, pictures: LivePictures) -> Iterator[EncodedFrame]:
        with open_video(self._url, options=_OPTIONS, timeout_s=_TIMEOUT_S) as container:
            logger.info("%s: connected", self._name())
            pictures.connected(frame_rate(container))
            for picture in decoded(container, damaged=lambda: None):  # a damaged one leaves a gap, which is counted
                self._backoff.reset()
                frame = pictures.take(picture, arrived_us=self._now_us())
                if self._stopped.is_set():
                    return
                if frame is not None:
                    yield frame

    def _now_us(self) -> int:
        return round(self._clock() * 1e6)

    def _name(self) -> str:
        return f"camera {self._options.camera} ({without_password(self._url)})"


def without_password(url: str) -> str:
    """The address as it may be shown and logged."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
