"""k-reciprocal re-ranking: against the reference answers, and against the plain version on sets of every shape."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sightline.ranking.reranking
from sightline.ranking import evaluate_ranking, rerank
from sightline.ranking.neighbours import NeighbourTable, distance_blocks
from sightline.ranking.reranking_reference import rerank_plainly


@pytest.mark.shared
@pytest.mark.parametrize("version", [rerank, rerank_plainly])
def test_it_agrees_with_the_reference_answers(shared_dir: Path, version: Any) -> None:
    golden = np.load(shared_dir / "goldens" / "ranking_market1501.npz")
    real = golden["gallery_pid"] != -1

    distances = version(golden["query"], golden["gallery"][real])

    np.testing.assert_allclose(distances, golden["reranked_distance"], atol=1e-4)
    labels = golden["query_pid"], golden["gallery_pid"][real], golden["query_camid"], golden["gallery_camid"][real]
    result = evaluate_ranking(distances, *labels)
    np.testing.assert_allclose(result.cmc, golden["reranked_cmc"], atol=1e-6)
    assert result.mean_ap == pytest.approx(float(golden["reranked_mAP"]), abs=1e-6)


def vectors(seed: int, count: int, kind: str) -> np.ndarray:
    """float32 (count, 6). Whole numbers: their distances are exact, so that ties are ties in any order of summation."""
    rng = np.random.default_rng(seed)
    if kind == "same":
        return np.ones((count, 6), np.float32)
    if kind == "ties":
        return rng.integers(0, 2, (count, 6)).astype(np.float32)
    people = rng.standard_normal((max(1, count // 5), 6))
    return (people[rng.integers(0, len(people), count)] + 0.3 * rng.standard_normal((count, 6))).astype(np.float32)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    queries=st.integers(1, 9),
    gallery=st.integers(1, 45),
    kind=st.sampled_from(["people", "ties", "same"]),
    k1=st.integers(1, 70),
    k2=st.integers(1, 70),
    lambda_value=st.floats(0, 1),
    block_rows=st.integers(1, 60),
)
def test_it_is_the_plain_version(
    *, seed: int, queries: int, gallery: int, kind: str, k1: int, k2: int, lambda_value: float, block_rows: int
) -> None:
    rows = vectors(seed, queries + gallery, kind)
    parameters: Any = {"k1": k1, "k2": k2, "lambda_value": lambda_value}
    expected = rerank_plainly(rows[:queries], rows[queries:], **parameters)

    with pytest.MonkeyPatch.context() as patch:  # many blocks, though the set is small
        patch.setattr(sightline.ranking.reranking, "distance_blocks", partial(distance_blocks, block_rows=block_rows))
        got = rerank(rows[:queries], rows[queries:], **parameters)

    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, atol=2e-5)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 60),
    kind=st.sampled_from(["people", "ties", "same"]),
    k=st.integers(1, 60),
    block_rows=st.integers(1, 70),
)
def test_neighbours_are_those_of_the_full_matrix(*, seed: int, count: int, kind: str, k: int, block_rows: int) -> None:
    rows = vectors(seed, count, kind)
    squared = ((rows[:, None].astype(np.float64) - rows[None]) ** 2).sum(axis=2)
    k = min(k, count)
    table = NeighbourTable(count, k)
    pairs = 0
    for block in distance_blocks(rows, block_rows=block_rows):
        table.take(block)
        pairs += block.squared.size

    expected = np.argsort(squared, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(table.indices, expected)
    np.testing.assert_allclose(table.squared, np.take_along_axis(squared, expected, axis=1), atol=1e-5)
    np.testing.assert_allclose(table.furthest, squared.max(axis=1), rtol=1e-5)
    assert pairs <= count * (count + block_rows), "each pair of blocks is computed once"


@pytest.mark.parametrize(("queries", "gallery"), [(0, 5), (3, 0), (0, 0)])
def test_no_rows_keep_their_rank(queries: int, gallery: int) -> None:
    distances = rerank(np.ones((queries, 4), np.float32), np.ones((gallery, 4), np.float32))

    assert (distances.shape, distances.dtype) == ((queries, gallery), np.float32)


def test_one_query_and_one_row() -> None:
    """Each has the other in its list: both encodings cover both, at distance 0 for itself and 1 for the other."""
    near, far = 1 / (1 + np.exp(-1)), np.exp(-1) / (1 + np.exp(-1))
    overlap = 2 * far
    unaveraged = rerank(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32), k2=1)
    averaged = rerank(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32))

    assert near + far == pytest.approx(1)
    assert unaveraged.item() == pytest.approx(0.7 * (1 - overlap / (2 - overlap)) + 0.3, abs=1e-6)
    assert averaged.item() == pytest.approx(0.3, abs=1e-6)


def test_weights_of_the_original_distance() -> None:
    rows = vectors(1, 40, "people")
    original = ((rows[:8, None] - rows[None]) ** 2).sum(axis=2)

    only = rerank(rows[:8], rows[8:], lambda_value=1)

    np.testing.assert_allclose(only, (original / original.max(axis=1, keepdims=True))[:, 8:], atol=1e-5)


def test_float64_features_are_taken() -> None:
    rows = vectors(2, 30, "people")

    np.testing.assert_allclose(rerank(rows[:5].astype(float), rows[5:].astype(float)), rerank(rows[:5], rows[5:]))


@pytest.mark.parametrize(
    ("query", "changes", "says"),
    [
        (np.zeros((2, 3)), {}, r"\(2, 3\) and \(5, 4\)"),
        (np.zeros(4), {}, r"\(4,\)"),
        (np.full((1, 4), np.nan), {}, "query: expected finite"),
        (np.full((1, 4), 1e19), {}, "query: expected finite"),
        (np.zeros((1, 4)), {"k1": 0}, "k1 and k2"),
        (np.zeros((1, 4)), {"k2": 0}, "k1 and k2"),
        (np.zeros((1, 4)), {"lambda_value": 1.5}, "lambda_value"),
    ],
)
def test_wrong_arguments_are_named(query: np.ndarray, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        rerank(query.astype(np.float32), np.zeros((5, 4), np.float32), **changes)
