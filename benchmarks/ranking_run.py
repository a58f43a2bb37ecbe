"""One measured call of the ranking benchmark, in a process of its own, so that its peak memory is its own.

``python -m benchmarks.ranking_run WORK --part 1.0 --samples FILE.npy`` prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.ranking_features import Features, make_features
from sightline.ranking import evaluate_ranking, pairwise_distance, rerank
from sightline.ranking.reranking_reference import rerank_plainly
from sightline.ranking.scoring_reference import evaluate_plainly

SAMPLED_ROWS = 32


def main() -> None:
    """Make the features, do the work, and tell what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=sorted(WORK))
    parser.add_argument("--part", type=float, default=1.0, help="of Market-1501's size")
    parser.add_argument("--repeats", type=int, default=1, help="times; the median counts")
    parser.add_argument("--samples", type=Path, help="where some values of the result go, to be compared")
    arguments = parser.parse_args()
    features = make_features(arguments.part)
    prepared = PREPARE.get(arguments.work, _nothing)(features)
    np.ones((256, 256), np.float32) @ np.ones((256, 256), np.float32)  # the library of matrix products starts its threads
    before_mib, times = _peak_mib(), []
    for _ in range(arguments.repeats):
        began, began_cpu = time.perf_counter(), time.process_time()
        result = WORK[arguments.work](features, prepared)
        times.append((time.perf_counter() - began, time.process_time() - began_cpu))
    peak_mib = _peak_mib()
    if arguments.samples:
        np.save(arguments.samples, result)
    seconds, cpu_seconds = np.median(times, axis=0).tolist()
    took = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak_mib, "before_mib": before_mib}
    sys.stdout.write(json.dumps(took | {"queries": len(features.query), "gallery": len(features.gallery)}) + "\n")


def _nothing(_features: Features) -> np.ndarray:
    return np.zeros(0)


def _distances(features: Features) -> np.ndarray:
    return pairwise_distance(features.query, features.gallery)


def _evaluate(features: Features, distances: np.ndarray) -> np.ndarray:
    result = evaluate_ranking(distances, *_labels(features))
    return np.append(result.cmc, result.mean_ap)


def _evaluate_plainly(features: Features, distances: np.ndarray) -> np.ndarray:
    cmc, mean_ap = evaluate_plainly(distances, *_labels(features))
    return np.append(cmc, mean_ap)


def _rerank(features: Features, _: np.ndarray) -> np.ndarray:
    return _some_rows(rerank(features.query, features.gallery))


def _rerank_plainly(features: Features, _: np.ndarray) -> np.ndarray:
    return _some_rows(rerank_plainly(features.query, features.gallery))


def _some_rows(distances: np.ndarray) -> np.ndarray:
    return distances[np.linspace(0, len(distances) - 1, SAMPLED_ROWS).astype(np.int64)]


def _labels(features: Features) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return features.query_pids, features.gallery_pids, features.query_camids, features.gallery_camids


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PREPARE: dict[str, Callable[[Features], np.ndarray]] = {"evaluate": _distances, "evaluate_plainly": _distances}
WORK: dict[str, Callable[[Features, np.ndarray], np.ndarray]] = {
    "distances": lambda features, _: _distances(features)[:SAMPLED_ROWS],
    "evaluate": _evaluate,
    "evaluate_plainly": _evaluate_plainly,
    "rerank": _rerank,
    "rerank_plainly": _rerank_plainly,
}


if __name__ == "__main__":
    main()
