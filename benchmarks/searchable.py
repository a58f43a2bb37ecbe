"""When sightings become visible in Milvus, as the questions see it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from sightline.adapters.milvus.gallery import MilvusGallery
from sightline.ports import MAX_PAGE
from sightline.settings import MilvusSettings
from sightline.types import Sighting, SightingFilter

_EVERY_S = 0.02
_LOOK_BACK_S = 10.0
"""How far behind now a capture time may be and still be asked for; older ones are in what was found before."""


class SearchableWatch:
    """``with SearchableWatch(...) as watch``: asks for the newest sightings all the time, and notes when each first came."""

    def __init__(self, settings: MilvusSettings, *, space: str, dimension: int) -> None:
        self._settings = settings
        self._space = space
        self._dimension = dimension
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._found_s: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def wait_for(self, sightings: Sequence[Sighting], *, timeout_s: float) -> None:
        """Wait until each has been found.

        Raises:
            TimeoutError: some were not, in time.
        """
        deadline = time.monotonic() + timeout_s
        while missing := [one for one in sightings if one.sighting_id not in self._found_s]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(missing)} of {len(sightings)} sightings were never found in Milvus")
            time.sleep(_EVERY_S)

    def latency_s(self, sighting: Sighting) -> float:
        """From capture to being found."""
        return self._found_s[sighting.sighting_id] - sighting.captured_at_us / 1e6

    def _watch(self) -> None:
        gallery = MilvusGallery.open(self._settings, space=self._space, dimension=self._dimension)
        oldest_us = int((time.time() - _LOOK_BACK_S) * 1e6)
        while not self._ended.is_set():
            page = gallery.newest(limit=MAX_PAGE, where=SightingFilter(start_us=oldest_us))
            now_s = time.time()
            for sighting in page:
                self._found_s.setdefault(sighting.sighting_id, now_s)
            oldest_us = max(oldest_us, int((now_s - _LOOK_BACK_S) * 1e6))
            self._ended.wait(_EVERY_S)
        gallery.close()
