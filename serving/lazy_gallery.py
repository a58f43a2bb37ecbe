"""A gallery that is opened by the first question, so that a replica starts, and says what is wrong, without its server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sightline.ports import Gallery
from sightline.types import Float32Array, Match, Sighting, SightingFilter

_EVERYTHING = SightingFilter()


class LazyGallery:
    """See :class:`sightline.ports.Gallery`. Until it is open each call tries to open it and raises what that raises."""

    def __init__(self, opener: Callable[[], Gallery]) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._gallery: Gallery | None = None

    def add(self, sightings: Sequence[Sighting], *, maybe_present: bool = False) -> None:
        """See the port."""
        self._open().add(sightings, maybe_present=maybe_present)

    def search(
        self, vectors: Float32Array, *, k: int, where: SightingFilter = _EVERYTHING, min_score: float | None = None
    ) -> list[list[Match]]:
        """See the port."""
        return self._open().search(vectors, k=k, where=where, min_score=min_score)

    def get(self, sighting_ids: Sequence[str]) -> list[Sighting]:
        """See the port."""
        return self._open().get(sighting_ids)

    def newest(self, *, limit: int, before_us: int | None = None, where: SightingFilter = _EVERYTHING) -> list[Sighting]:
        """See the port."""
        return self._open().newest(limit=limit, before_us=before_us, where=where)

    def _open(self) -> Gallery:
        with self._lock:
            if self._gallery is None:
                self._gallery = self._opener()
            return self._gallery
