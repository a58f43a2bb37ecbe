"""Distances, CMC and mAP: against their formulas, written out as plain loops, and against the reference answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sightline.ranking import evaluate_ranking, pairwise_distance
from sightline.ranking.scoring_reference import evaluate_plainly

Labels = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def loops(distmat: NDArray[Any], labels: Labels, max_rank: int, kind: str) -> tuple[NDArray[np.float64], float] | None:
    """The protocol, one gallery row at a time."""
    query_pids, gallery_pids, query_camids, gallery_camids = labels
    curves, precisions = [], []
    for q in range(len(query_pids)):
        order = sorted(range(len(gallery_pids)), key=lambda g: distmat[q, g])
        ranked = [g for g in order if gallery_pids[g] != -1]
        ranked = [g for g in ranked if not (gallery_pids[g] == query_pids[q] and gallery_camids[g] == query_camids[q])]
        right = [bool(gallery_pids[g] == query_pids[q]) for g in ranked]
        if not any(right):
            continue
        curves.append([any(right[:rank]) for rank in range(1, max_rank + 1)])
        precisions.append(average_precision(right, kind))
    return (np.mean(curves, axis=0), float(np.mean(precisions))) if curves else None


def average_precision(right: list[bool], kind: str) -> float:
    total, found, old_precision, at_hits = 0.0, 0, 1.0, []
    for rank, is_right in enumerate(right, start=1):
        found += is_right
        precision = found / rank
        if is_right:
            at_hits.append(precision)
            total += (old_precision + precision) / 2
        old_precision = precision
    if kind == "trapezoidal":
        return total / found
    if kind == "interpolated":
        return sum(max(at_hits[i:]) for i in range(found)) / found
    return sum(at_hits) / found


def table(seed: int, queries: int, gallery: int, *, pids: int, ties: bool) -> tuple[NDArray[np.float64], Labels]:
    rng = np.random.default_rng(seed)
    distmat = rng.integers(0, 5, (queries, gallery)).astype(float) if ties else rng.random((queries, gallery))
    labels = (
        rng.integers(1, pids + 1, queries),
        rng.integers(-1, pids + 1, gallery),
        rng.integers(0, 3, queries),
        rng.integers(0, 3, gallery),
    )
    return distmat, labels


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    queries=st.integers(1, 8),
    gallery=st.integers(1, 40),
    pids=st.integers(1, 6),
    ties=st.booleans(),
    max_rank=st.integers(1, 60),
    kind=st.sampled_from(["non_interpolated", "trapezoidal", "interpolated"]),
)
def test_it_is_the_protocol(*, seed: int, queries: int, gallery: int, pids: int, ties: bool, max_rank: int, kind: Any) -> None:
    distmat, labels = table(seed, queries, gallery, pids=pids, ties=ties)
    expected = loops(distmat, labels, max_rank, kind)
    if expected is None:
        with pytest.raises(ValueError, match="nothing to evaluate"):
            evaluate_ranking(distmat, *labels, max_rank=max_rank)
        return
    result = evaluate_ranking(distmat, *labels, max_rank=max_rank, average_precision=kind)
    np.testing.assert_allclose(result.cmc, expected[0], atol=1e-12)
    assert result.mean_ap == pytest.approx(expected[1], abs=1e-12)
    assert result.queries == len(result.counted) == len(result.average_precisions)
    if kind == "non_interpolated":
        cmc, mean_ap = evaluate_plainly(distmat, *labels, max_rank=max_rank)
        np.testing.assert_allclose(cmc, expected[0], atol=1e-12)
        assert mean_ap == pytest.approx(expected[1], abs=1e-12)


@pytest.fixture
def goldens(shared_dir: Path) -> Path:
    return shared_dir / "goldens"


@pytest.mark.shared
def test_it_agrees_with_the_reference(goldens: Path) -> None:
    golden = np.load(goldens / "ranking_market1501.npz")
    distmat = pairwise_distance(golden["query"], golden["gallery"], metric="squared_euclidean")
    result = evaluate_ranking(distmat, *_labels(golden))
    np.testing.assert_allclose(result.cmc, golden["cmc"], atol=1e-6)
    assert result.mean_ap == pytest.approx(float(golden["mAP"]), abs=1e-6)


@pytest.mark.shared
def test_reranked_distances_are_ranked_as_the_reference_does(goldens: Path) -> None:
    golden = np.load(goldens / "ranking_market1501.npz")
    real = golden["gallery_pid"] != -1
    query_pids, gallery_pids, query_camids, gallery_camids = _labels(golden)
    labels = (query_pids, gallery_pids[real], query_camids, gallery_camids[real])
    result = evaluate_ranking(golden["reranked_distance"], *labels)
    np.testing.assert_allclose(result.cmc, golden["reranked_cmc"], atol=1e-6)
    assert result.mean_ap == pytest.approx(float(golden["reranked_mAP"]), abs=1e-6)


@pytest.mark.shared
def test_single_shot_agrees_with_the_reference(goldens: Path) -> None:
    """200 runs of one draw a query: within three standard errors of the difference."""
    golden, features = np.load(goldens / "ranking_cuhk03.npz"), np.load(goldens / "ranking_market1501.npz")
    distmat = pairwise_distance(features["query"], features["gallery"], metric="squared_euclidean")
    rng = np.random.default_rng(7)
    runs = [
        evaluate_ranking(distmat, *_labels(features), max_rank=20, protocol="cuhk03", rng=rng, repeats=10) for _ in range(30)
    ]
    curves = np.array([run.cmc for run in runs])
    error = np.hypot(golden["cmc_std_of_mean"], curves.std(axis=0) / np.sqrt(len(runs)))
    assert (np.abs(curves.mean(axis=0) - golden["cmc_mean"]) < 3 * error).all()
    assert runs[0].mean_ap == pytest.approx(float(golden["mAP_mean"]), abs=1e-6)


def _labels(golden: Any) -> Labels:
    return tuple(golden[name] for name in ("query_pid", "gallery_pid", "query_camid", "gallery_camid"))  # type: ignore[return-value]


def test_junk_is_dropped_and_distractors_are_kept() -> None:
    distmat = np.array([[0.1, 0.2, 0.3]])
    labels = (np.array([7]), np.array([-1, 0, 7]), np.array([0]), np.array([1, 1, 1]))
    result = evaluate_ranking(distmat, *labels, max_rank=3)
    assert result.cmc.tolist() == [0, 1, 1]
    assert result.mean_ap == 0.5
    assert result.queries == 1


def test_each_query_is_told_of() -> None:
    """The second query has no answer; the third finds its one after another."""
    distmat = np.array([[0.1, 0.2], [0.1, 0.2], [0.1, 0.2]])
    labels = (np.array([7, 9, 8]), np.array([7, 8]), np.array([0, 0, 0]), np.array([1, 1]))
    result = evaluate_ranking(distmat, *labels)
    assert result.counted.tolist() == [0, 2]
    assert result.average_precisions.tolist() == [1.0, 0.5]
    assert [ranks.tolist() for ranks in result.hit_ranks] == [[1], [2]]


def test_the_asking_camera_does_not_count() -> None:
    distmat = np.array([[0.1, 0.2], [0.1, 0.2]])
    labels = (np.array([7, 8]), np.array([7, 7]), np.array([0, 0]), np.array([0, 1]))
    result = evaluate_ranking(distmat, *labels, max_rank=1)
    assert (result.cmc.tolist(), result.mean_ap, result.queries) == ([1.0], 1.0, 1)


def test_single_shot_counts_one_row_a_person() -> None:
    """Three wrong rows of one pid come first: they take one place, not three."""
    distmat = np.array([[0.1, 0.2, 0.3, 0.4]])
    labels = (np.array([1]), np.array([2, 2, 2, 1]), np.array([0]), np.array([1, 1, 1, 1]))
    result = evaluate_ranking(distmat, *labels, max_rank=4, protocol="cuhk03", rng=np.random.default_rng(0))
    assert result.cmc.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"protocol": "cuhk03"}, "rng="),
        ({"protocol": "duke"}, "protocol: expected"),
        ({"average_precision": "best"}, "average_precision: expected"),
        ({"max_rank": 0}, "max_rank: expected"),
    ],
)
def test_wrong_arguments_are_named(changes: dict[str, Any], says: str) -> None:
    distmat, labels = np.zeros((1, 1)), (np.array([1]), np.array([1]), np.array([0]), np.array([1]))
    with pytest.raises(ValueError, match=says):
        evaluate_ranking(distmat, *labels, **changes)


def test_shapes_and_numbers_are_checked() -> None:
    labels = (np.array([1]), np.array([1]), np.array([0]), np.array([1]))
    with pytest.raises(ValueError, match=r"\(2, 1\)"):
        evaluate_ranking(np.zeros((2, 1)), *labels)
    with pytest.raises(ValueError, match="NaN"):
        evaluate_ranking(np.full((1, 1), np.nan), *labels)
    with pytest.raises(ValueError, match="nothing to evaluate"):
        evaluate_ranking(np.zeros((0, 1)), labels[0][:0], labels[1], labels[2][:0], labels[3])
    with pytest.raises(ValueError, match=r"\(1, 2\) and \(1, 3\)"):
        pairwise_distance(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="metric: expected"):
        pairwise_distance(np.zeros((1, 2)), np.zeros((1, 2)), metric="manhattan")  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_are_their_formulas(dtype: Any) -> None:
    rng = np.random.default_rng(3)
    query, gallery = rng.standard_normal((5, 8)).astype(dtype), rng.standard_normal((7, 8)).astype(dtype)
    gallery[0] = query[0]
    squared = ((query[:, None] - gallery[None]) ** 2).sum(axis=2)
    cosine = np.array([[np.dot(q, g) / np.sqrt(np.dot(q, q) * np.dot(g, g)) for g in gallery] for q in query])
    for metric, expected in (("squared_euclidean", squared), ("euclidean", np.sqrt(squared)), ("cosine", 1 - cosine)):
        distances = pairwise_distance(query, gallery, metric)  # type: ignore[arg-type]
        assert distances.dtype == dtype
        np.testing.assert_allclose(distances, expected, atol=3e-3 if metric == "euclidean" else 1e-5)


def test_no_rows_keep_their_rank() -> None:
    for metric in ("euclidean", "squared_euclidean", "cosine"):
        assert pairwise_distance(np.zeros((0, 4)), np.ones((3, 4)), metric).shape == (0, 3)  # type: ignore[arg-type]
    assert pairwise_distance(np.zeros((1, 4)), np.ones((1, 4)), "cosine").tolist() == [[1.0]]
