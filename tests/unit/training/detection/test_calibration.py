"""Scores that mean the same whatever net they come from."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.types import Detections
from training.detection.calibration import Calibration, calibration

PERSON = np.array([[0, 0, 10, 20]], np.float32)
NOBODY = np.array([[50, 50, 60, 70]], np.float32)


def frames(scores_right: list[float], scores_wrong: list[float]) -> tuple[list[Detections], list[np.ndarray]]:
    """One detection a frame: right ones where somebody stands, wrong ones beside somebody."""
    found = [Detections(PERSON, np.array([score], np.float32)) for score in scores_right]
    found += [Detections(NOBODY, np.array([score], np.float32)) for score in scores_wrong]
    return found, [PERSON] * len(scores_right) + [np.zeros((0, 4), np.float32)] * len(scores_wrong)


def served(fitted: Calibration, score: float) -> float:
    logit = np.log(score / (1 - score))
    return float(1 / (1 + np.exp(-(fitted.scale * logit + fitted.shift))))


def test_the_best_balance_is_a_half_and_one_in_four_a_tenth() -> None:
    right, wrong = [0.4, 0.38, 0.36, 0.34], [0.3 - 0.005 * step for step in range(20)]
    fitted = calibration(*frames(right, wrong))
    assert fitted is not None
    assert served(fitted, 0.34) == pytest.approx(0.5, abs=1e-6), "all four, and nobody wrong"
    assert served(fitted, 0.3 - 0.005 * 11) == pytest.approx(0.1, abs=1e-6), "four of sixteen"
    assert served(fitted, 0.4) > 0.5 > served(fitted, 0.3)


def test_a_net_that_is_never_wrong_is_not_stretched_without_end() -> None:
    fitted = calibration(*frames([0.4, 0.39], []))
    assert fitted is not None
    assert fitted.scale == 5.0
    assert served(fitted, 0.39) == pytest.approx(0.5, abs=1e-6)


def test_where_nobody_is_found_nothing_changes() -> None:
    assert calibration(*frames([], [0.5])) is None
    assert calibration([], []) is None
    assert served(Calibration(), 0.3) == pytest.approx(0.3)
