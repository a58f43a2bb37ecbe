"""Made-up features of people, of the size of Market-1501 or a part of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.types import Float32Array

QUERIES, GALLERY, DISTRACTORS, PEOPLE = 3368, 19_732, 2793, 750
DIMENSION = 2048
CAMERAS = 6
_NOISE = 4.5
"""By how much longer than a person's own direction the noise of one picture is."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Queries and gallery: float32 (N, D) at length 1, pids and camids (N,)."""

    query: Float32Array
    gallery: Float32Array
    query_pids: NDArray[np.int64]
    gallery_pids: NDArray[np.int64]
    query_camids: NDArray[np.int64]
    gallery_camids: NDArray[np.int64]


def make_features(part: float, *, seed: int = 0, dimension: int = DIMENSION) -> Features:
    """Random people with random pictures.

    A picture is its person's direction plus noise; distractors (pid 0) are nobody's.

    Args:
        part: of Market-1501's size, in people, queries and gallery alike.
        seed: of all that is drawn.
        dimension: D.
    """
    rng = np.random.default_rng(seed)
    people, queries, gallery, distractors = (max(1, round(part * size)) for size in (PEOPLE, QUERIES, GALLERY, DISTRACTORS))
    directions = rng.standard_normal((people + 1, dimension), dtype=np.float32)
    query_pids = rng.integers(1, people + 1, queries)
    gallery_pids = np.concatenate([rng.integers(1, people + 1, gallery - distractors), np.zeros(distractors, np.int64)])
    return Features(
        _pictures(directions, query_pids, rng),
        _pictures(directions, gallery_pids, rng),
        query_pids,
        gallery_pids,
        rng.integers(1, CAMERAS + 1, queries),
        rng.integers(1, CAMERAS + 1, gallery),
    )


def _pictures(directions: Float32Array, pids: NDArray[np.int64], rng: np.random.Generator) -> Float32Array:
    features = rng.standard_normal((len(pids), directions.shape[1]), dtype=np.float32)
    features *= _NOISE
    somebody = pids > 0
    features[somebody] += directions[pids[somebody]]
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features
