"""The gallery of one embedding space, kept by Milvus."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pymilvus import MilvusClient

from sightline.adapters.milvus.client import NO_RETRIES, connect
from sightline.adapters.milvus.collection import Collection
from sightline.adapters.milvus.filters import ids_expression, where_expression
from sightline.adapters.milvus.newest import MOST_ROWS, Key, newest_keys
from sightline.adapters.milvus.rows import ALL_FIELDS, ID_BYTES, fits, row_to_sighting, sighting_to_row
from sightline.errors import SightlineError, SpaceMismatchError
from sightline.ports import MAX_MATCHES, MAX_PAGE, Clock
from sightline.settings import MilvusSettings
from sightline.types import Float32Array, Match, Sighting, SightingFilter

_EVERYTHING = SightingFilter()
_IDS_A_QUERY = 500

_READ = {"consistency_level": "Bounded", **NO_RETRIES}
"""Reads do not wait: ``add`` did. Bounded, not eventual: a server that was killed answers only once it has caught up."""

_READ_OWN_WRITES = {"consistency_level": "Session", **NO_RETRIES}

_MIN_EF, _MAX_EF = 1024, 32_768
"""Bounds of HNSW's breadth. Behind a filter that lets a fifth of 20,000 sightings through, recall@20 was 0.65 at 128, 0.82 at
256 and 0.97 at 1024, for 9, 8 and 11 ms a search; benchmarks/search_latency.py keeps watch on it."""


class MilvusGallery:
    """See :class:`sightline.ports.Gallery`. Safe for a few threads.

    ``add`` returns when the server's query side has seen its rows: strong reads would cost every search 0.2-0.4 s on
    Milvus 2.3, this costs each write one tick of the server's clock (``proxy.timeTickInterval``). On a cluster with
    several replicas of a collection the others may show them up to that tick later.
    """

    def __init__(self, collection: Collection, *, space: str, dimension: int, clock: Clock = time.time) -> None:
        self._collection = collection
        self.space = space
        self._dimension = dimension
        self._clock = clock
        self._writing = threading.Lock()

    @classmethod
    def open(cls, settings: MilvusSettings, *, space: str, dimension: int) -> MilvusGallery:
        """Connect, and make and load the space's collection where needed.

        Args:
            settings: where Milvus is, and the collections' prefix.
            space: ``EmbeddingSpace.name``.
            dimension: D of the space's vectors.

        Raises:
            ConfigurationError: no server is named.
            InputError: no collection can have that name or dimension.
            SpaceMismatchError: its collection holds vectors of another dimension.
            ServiceUnavailable: the server cannot answer now.
        """
        client = connect(settings)
        try:
            collection = Collection(client, settings, space=space, dimension=dimension)
            collection.open()
        except SightlineError:
            client.close()
            raise
        return cls(collection, space=space, dimension=dimension)

    def close(self) -> None:
        """Give up the connection."""
        self._collection.client.close()

    def add(self, sightings: Sequence[Sighting], *, maybe_present: bool = False) -> None:
        """See the port. Also raises InputError for a sighting that no collection could hold; then none was kept."""
        # One row an id: the server would keep two of one batch, even when told to replace.
        latest = {sighting.sighting_id: sighting for sighting in sightings}
        rows = [sighting_to_row(one, space=self.space, dimension=self._dimension) for one in latest.values()]
        if not rows:
            return
        # pymilvus knows one time of writing for a collection, the last answer's: writers of a process take turns.
        with self._writing:
            self._send(rows, replace=maybe_present)
            # Whoever is told "kept" may ask for it at once, from any process: wait until the query side has come so far.
            self._query(ids_expression([rows[-1]["sighting_id"]]), ("sighting_id",), limit=1, options=_READ_OWN_WRITES)

    def search(
        self,
        vectors: Float32Array,
        *,
        k: int,
        where: SightingFilter = _EVERYTHING,
        min_score: float | None = None,
    ) -> list[list[Match]]:
        """See the port. ``k`` is 1 to :data:`sightline.ports.MAX_MATCHES`."""
        if not 1 <= k <= MAX_MATCHES:
            raise ValueError(f"k: expected 1 to {MAX_MATCHES}, got {k}")
        if vectors.ndim != 2 or vectors.shape[1] != self._dimension:
            expected = f"{self.space} ({self._dimension} dimensions)"
            raise SpaceMismatchError(expected=expected, actual=f"array of shape {vectors.shape}")
        expression = where_expression(where)
        found: list[list[Match]] = []
        for some in _batches(vectors, max(1, MAX_MATCHES // k)):
            found += [self._matches(hits, min_score) for hits in self._hits(some, k, expression)]
        return found

    def get(self, sighting_ids: Sequence[str]) -> list[Sighting]:
        """See the port."""
        asked = list(dict.fromkeys(i for i in sighting_ids if i and fits(i, ID_BYTES)))
        there: dict[str, Sighting] = {}
        for start in range(0, len(asked), _IDS_A_QUERY):
            some = asked[start : start + _IDS_A_QUERY]
            for row in self._query(ids_expression(some), ALL_FIELDS, limit=len(some)):
                there[row["sighting_id"]] = row_to_sighting(row, self.space)
        return [there[i] for i in sighting_ids if i in there]

    def newest(self, *, limit: int, before_us: int | None = None, where: SightingFilter = _EVERYTHING) -> list[Sighting]:
        """See the port. ``limit`` is 1 to :data:`sightline.ports.MAX_PAGE`."""
        if not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"limit: expected 1 to {MAX_PAGE}, got {limit}")
        restriction = where_expression(where)

        def fetch(expression: str) -> list[Key]:
            both = " and ".join(part for part in (restriction, expression) if part)
            rows = self._query(both, ("sighting_id", "captured_at_us"), limit=MOST_ROWS)
            return [(-int(row["captured_at_us"]), str(row["sighting_id"])) for row in rows]

        now_us = int(self._clock() * 1e6)
        keys = newest_keys(fetch, limit=limit, before_us=before_us, now_us=now_us)
        return self.get([sighting_id for _, sighting_id in keys])

    def _send(self, rows: list[dict[str, Any]], *, replace: bool) -> None:
        def write(client: MilvusClient) -> None:
            (client.upsert if replace else client.insert)(self._collection.name, rows, **NO_RETRIES)

        self._collection.call("writing", write)

    def _hits(self, vectors: Float32Array, k: int, expression: str) -> list[Any]:
        def ask(client: MilvusClient) -> list[Any]:
            return list(
                client.search(
                    self._collection.name,
                    list(vectors),
                    filter=expression,
                    limit=k,
                    output_fields=list(ALL_FIELDS),
                    search_params={"params": {"ef": min(_MAX_EF, max(_MIN_EF, 2 * k))}},
                    **_READ,
                )
            )

        return self._collection.call("searching", ask)

    def _matches(self, hits: Any, min_score: float | None) -> list[Match]:
        matches = [
            Match(
                row_to_sighting({**hit["entity"], "sighting_id": str(hit.id)}, self.space),
                float(np.clip(hit["distance"], -1.0, 1.0)),
            )
            for hit in hits
        ]
        return [match for match in matches if min_score is None or match.score >= min_score]

    def _query(
        self, expression: str, fields: Sequence[str], *, limit: int, options: dict[str, Any] = _READ
    ) -> list[dict[str, Any]]:
        def ask(client: MilvusClient) -> list[dict[str, Any]]:
            name = self._collection.name
            return list(client.query(name, filter=expression, output_fields=list(fields), limit=limit, **options))

        return self._collection.call("reading", ask)


def _batches(vectors: Float32Array, size: int) -> Iterator[Float32Array]:
    for start in range(0, len(vectors), size):
        yield vectors[start : start + size]
