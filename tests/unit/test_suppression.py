"""Suppression, against the importer's plain reference."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.models.importer.reference import suppress
from sightline.suppression import Suppression, kept_candidates


def test_nothing_is_kept_of_nothing() -> None:
    assert kept_candidates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), Suppression()).tolist() == []


def test_faint_candidates_are_dropped() -> None:
    boxes = np.array([[0, 0, 9, 9], [20, 0, 29, 9]], np.float32)
    assert kept_candidates(boxes, np.array([0.1, 0.2], np.float32), Suppression(min_score=0.1)).tolist() == [1]


@pytest.mark.parametrize("suppression", [Suppression(), Suppression(iou=0.3, min_score=0.5)])
def test_the_same_rows_are_kept_as_by_the_plain_reference(suppression: Suppression) -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 100, (300, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 60, (300, 2))], axis=1).astype(np.float32)
    scores = rng.uniform(0, 1, 300).astype(np.float32)
    kept = kept_candidates(boxes, scores, suppression)
    assert kept.tolist() == suppress(boxes, scores, suppression)
    assert 10 < len(kept) <= 100
