"""Fakes of the ports, for tests without servers. The contract suites run on these and on the real adapters alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.blob_keys import checked_key
from sightline.errors import ModelError, NotFoundError, ServiceError, ServiceUnavailable, SpaceMismatchError
from sightline.operations.alert import FiringAlert
from sightline.ports import MAX_MATCHES, MAX_PAGE, Tensors
from sightline.spec import ModelSpec
from sightline.types import Float32Array, Match, Sighting, SightingFilter

_EVERYTHING = SightingFilter()


class InMemoryGallery:
    """:class:`sightline.ports.Gallery` in a dictionary; searches every row.

    Args:
        space: name of its embedding space.
        dimension: D of its vectors.
    """

    def __init__(self, space: str, *, dimension: int) -> None:
        self._space = space
        self._dimension = dimension
        self._rows: dict[str, Sighting] = {}
        self._lock = threading.Lock()

    def add(self, sightings: Sequence[Sighting], *, maybe_present: bool = False) -> None:
        """See the port. A promise of ``maybe_present=False`` that is broken fails the test."""
        for sighting in sightings:
            self._check_space(sighting.space, len(sighting.embedding))
        with self._lock:
            doubled = [sighting.sighting_id for sighting in sightings if sighting.sighting_id in self._rows]
            assert maybe_present or not doubled, f"added a second time without maybe_present: {doubled[:3]}"
            self._rows.update({sighting.sighting_id: sighting for sighting in sightings})

    def search(
        self,
        vectors: Float32Array,
        *,
        k: int,
        where: SightingFilter = _EVERYTHING,
        min_score: float | None = None,
    ) -> list[list[Match]]:
        """See the port."""
        if not 1 <= k <= MAX_MATCHES:
            raise ValueError(f"k: expected 1 to {MAX_MATCHES}, got {k}")
        self._check_space(self._space, vectors.shape[1] if vectors.ndim == 2 else -1)
        rows = self._rows_where(where)
        gallery = np.array([row.embedding for row in rows], np.float32).reshape(-1, self._dimension)
        answers = []
        for scores in np.clip(vectors @ gallery.T, -1.0, 1.0):
            best = np.argsort(-scores, kind="stable")[:k]
            answers.append([Match(rows[i], float(scores[i])) for i in best if min_score is None or scores[i] >= min_score])
        return answers

    def get(self, sighting_ids: Sequence[str]) -> list[Sighting]:
        """See the port."""
        return [self._rows[i] for i in sighting_ids if i in self._rows]

    def newest(self, *, limit: int, before_us: int | None = None, where: SightingFilter = _EVERYTHING) -> list[Sighting]:
        """See the port."""
        if not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"limit: expected 1 to {MAX_PAGE}, got {limit}")
        rows = [row for row in self._rows_where(where) if before_us is None or row.captured_at_us < before_us]
        return sorted(rows, key=lambda row: (-row.captured_at_us, row.sighting_id))[:limit]

    def _rows_where(self, where: SightingFilter) -> list[Sighting]:
        with self._lock:
            return [row for row in self._rows.values() if where.passes(row)]

    def _check_space(self, space: str, dimension: int) -> None:
        if (space, dimension) != (self._space, self._dimension):
            expected = f"{self._space} ({self._dimension} dimensions)"
            raise SpaceMismatchError(expected=expected, actual=f"{space} ({dimension} dimensions)")


class InMemoryBlobs:
    """:class:`sightline.ports.BlobStore` in a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        """See the port."""
        self._blobs[checked_key(key)] = data

    def get(self, key: str) -> bytes:
        """See the port."""
        try:
            return self._blobs[checked_key(key)]
        except KeyError as error:
            raise NotFoundError(f"there is no blob {key!r}") from error

    def delete(self, key: str) -> None:
        """See the port."""
        self._blobs.pop(checked_key(key), None)


@dataclass(frozen=True, slots=True)
class FakeModel:
    """A model of :class:`FakeInference`: its spec, what it computes, and the largest batch that it takes."""

    spec: ModelSpec
    run: Callable[[Tensors], dict[str, NDArray[Any]]]
    max_batch_size: int = 32


@dataclass
class InMemoryHistory:
    """:class:`sightline.ports.MetricsHistory` of what a test puts in.

    Attributes:
        series: expression -> its series, each a function of the time in seconds; None = no value then.
        firing: the alerts.
        away: whether it does not answer.
    """

    series: Mapping[str, Sequence[Callable[[float], float | None]]] = field(default_factory=dict)
    firing: Sequence[FiringAlert] = ()
    away: bool = False

    async def values(self, expression: str, *, end_s: float, step_s: float, points: int) -> tuple[float | None, ...]:
        """See the port."""
        self._require_answer()
        found = self.series.get(expression, ())
        if len(found) > 1:
            raise ServiceError("prometheus", f"expected one series for {expression}, got {len(found)}")
        if not found:
            return (None,) * points
        return tuple(found[0](end_s - step_s * (points - 1 - place)) for place in range(points))

    async def alerts(self) -> list[FiringAlert]:
        """See the port."""
        self._require_answer()
        return list(self.firing)

    def _require_answer(self) -> None:
        if self.away:
            raise ServiceUnavailable("prometheus", "does not answer")


class FakeInference:
    """:class:`sightline.ports.Inference` over functions.

    Attributes:
        calls: model and batch size of each call that was answered, in order.
        available: set to False to make every call raise ServiceUnavailable.
    """

    def __init__(self, *models: FakeModel) -> None:
        self._models = {model.spec.name: model for model in models}
        self.calls: list[tuple[str, int]] = []
        self.available = True

    async def infer(self, model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """See the port."""
        await asyncio.sleep(0)  # as a server would, let others run
        if not self.available or model not in self._models:
            raise ServiceUnavailable("fake", f"{model} does not answer")
        fake = self._models[model]
        rows = _checked_rows(fake, inputs)
        self.calls.append((model, rows))
        return fake.run(inputs)


def _checked_rows(fake: FakeModel, inputs: Tensors) -> int:
    """The batch size of inputs that fit the spec; ModelError where they do not."""
    expected = {tensor.name: tensor for tensor in fake.spec.inputs}
    if set(inputs) != set(expected):
        raise ModelError(f"{fake.spec.name}: expected the inputs {sorted(expected)}, got {sorted(inputs)}")
    for name, array in inputs.items():
        wanted = expected[name]
        fits = len(array.shape) == len(wanted.shape) and all(
            want in (-1, got) for want, got in zip(wanted.shape[1:], array.shape[1:], strict=True)
        )
        if not fits or array.dtype != wanted.dtype:
            raise ModelError(
                f"{fake.spec.name}: expected {name} {wanted.dtype} {wanted.shape}, got {array.dtype} {array.shape}"
            )
    counts = {len(array) for array in inputs.values()}
    if len(counts) != 1 or not 1 <= min(counts) <= fake.max_batch_size:
        raise ModelError(f"{fake.spec.name}: expected 1 to {fake.max_batch_size} rows in every input, got {sorted(counts)}")
    return counts.pop()
