"""Average precision: hand-made cases, and the plain reference on random ones."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.evaluation.detection.average_precision import THRESHOLDS, average_precision
from sightline.evaluation.detection.average_precision_reference import average_precision_reference
from sightline.types import Detections, Float32Array

NOBODY = np.zeros((0, 4), np.float32)


def boxes(*rows: tuple[float, ...]) -> Float32Array:
    return np.array(rows, np.float32).reshape(-1, 4)


def found(*rows: tuple[float, ...]) -> Detections:
    """Rows of x, y, x, y, score."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4].copy(), table[:, 4].copy())


def test_nothing_found_is_zero_and_nobody_there_is_refused() -> None:
    assert average_precision([Detections.empty()], [boxes((0, 0, 10, 10))]).ap == 0
    with pytest.raises(ValueError, match="there is nobody"):
        average_precision([Detections.empty()], [NOBODY])
    with pytest.raises(ValueError, match="nobody"):
        average_precision([], [])
    with pytest.raises(ValueError, match="detections of 2 frames, got 1"):
        average_precision([Detections.empty()], [NOBODY, NOBODY])


def test_everybody_found_exactly_is_one() -> None:
    figures = average_precision(
        [found((0, 0, 10, 20, 0.9)), Detections.empty(), found((5, 5, 9, 9, 0.2))],
        [boxes((0, 0, 10, 20)), NOBODY, boxes((5, 5, 9, 9))],
    )
    assert (figures.ap50, figures.ap, figures.frames, figures.people) == (1.0, 1.0, 3, 2)


def test_a_box_of_iou_72_counts_at_five_of_ten_thresholds() -> None:
    figures = average_precision([found((0, 0, 100, 72, 0.9))], [boxes((0, 0, 100, 100))])
    assert figures.ap50 == 1.0
    assert figures.ap == pytest.approx(0.5)


def test_wrong_ones_cost_only_what_they_come_before() -> None:
    people = [boxes((0, 0, 10, 10), (20, 0, 30, 10))]
    wrong_last = average_precision([found((0, 0, 10, 10, 0.9), (20, 0, 30, 10, 0.8), (50, 50, 60, 60, 0.7))], people)
    assert wrong_last.ap50 == 1.0
    wrong_first = average_precision([found((50, 50, 60, 60, 0.95), (0, 0, 10, 10, 0.9), (20, 0, 30, 10, 0.8))], people)
    assert wrong_first.ap50 == pytest.approx(2 / 3)  # precision 1/2, then 2/3; the greater counts from the left
    half = average_precision([found((0, 0, 10, 10, 0.9))], people)
    assert half.ap50 == pytest.approx(51 / 101)  # recalls 0 to 0.5


def test_who_is_found_twice_is_found_once() -> None:
    figures = average_precision([found((0, 0, 10, 10, 0.9), (0, 0, 10, 9, 0.95))], [boxes((0, 0, 10, 10))])
    assert figures.ap50 == 1.0  # the better score takes the person, and the other is wrong after it
    at_95 = average_precision_reference([found((0, 0, 10, 10, 0.9), (0, 0, 10, 9, 0.95))], [boxes((0, 0, 10, 10))], 0.95)
    assert at_95 == pytest.approx(0.5)


def test_at_most_a_hundred_of_a_frame_count() -> None:
    rows = [(50.0, 50.0, 60.0, 60.0, 0.9)] * 100 + [(0.0, 0.0, 10.0, 10.0, 0.5)]
    assert average_precision([found(*rows)], [boxes((0, 0, 10, 10))]).ap50 == 0


@pytest.mark.parametrize("seed", range(6))
def test_equal_to_the_plain_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, detections = [], []
    for _ in range(5):
        corner = rng.uniform(0, 60, (int(rng.integers(0, 5)), 2))
        there = np.concatenate([corner, corner + rng.uniform(8, 40, corner.shape)], axis=1).astype(np.float32)
        near = np.concatenate([there, there]) + rng.normal(0, 4, (2 * len(there), 4)).astype(np.float32)
        stray = np.concatenate([corner[:2], corner[:2] + 12], axis=1).astype(np.float32) + 3
        rows = np.concatenate([near, stray]).astype(np.float32)
        people.append(there)
        detections.append(Detections(rows, rng.uniform(0, 1, len(rows)).astype(np.float32)))
    people[0] = boxes((1, 1, 20, 20))
    figures = average_precision(detections, people)
    plain = [average_precision_reference(detections, people, threshold) for threshold in THRESHOLDS]
    assert figures.ap50 == pytest.approx(plain[0])
    assert figures.ap == pytest.approx(float(np.mean(plain)))
    assert 0 < figures.ap < 1
