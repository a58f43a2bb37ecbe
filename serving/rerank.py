"""k-reciprocal re-ranking of a question's matches: alike is who has the same neighbours among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sightline.ranking import rerank
from sightline.types import Float32Array, Match


def rerank_matches(vector: Float32Array, matches: Sequence[Match]) -> list[Match]:
    """The same matches in order of their ``rerank_distance``; equal ones in the order in which they come. Blocking: some ms.

    Neighbours are sought among the matches alone. With few of them there is little to share, so give more than are wanted.

    Args:
        vector: the query, float32 (D,).
        matches: with their embeddings; may be none.
    """
    if not matches:
        return []
    gallery = np.stack([match.sighting.embedding for match in matches])
    [distances] = rerank(vector[None], gallery)
    order = np.argsort(distances, kind="stable")
    return [replace(matches[index], rerank_distance=float(distances[index])) for index in order]
