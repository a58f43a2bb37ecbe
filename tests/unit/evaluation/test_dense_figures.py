"""Figures of dense coordinates on maps small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sightline.evaluation.dense_figures import dense_figures
from sightline.types import DenseCoordinates


def maps(part: list[list[int]], u: float = 0.0, v: float = 0.0) -> DenseCoordinates:
    ids = np.array([part], np.uint8)
    return DenseCoordinates(ids, np.full(ids.shape, u, np.float32), np.full(ids.shape, v, np.float32))


def test_overlaps_and_errors() -> None:
    wanted = maps([[0, 0, 1, 1], [0, 2, 2, 2]], u=0.5, v=0.25)
    got = maps([[0, 1, 1, 1], [0, 2, 2, 3]], u=0.4, v=0.5)
    found = dense_figures(wanted, got)
    # Part 1: 2 of 3 cells; part 2: 2 of 3; part 3, which is nowhere: 0 of 1.
    assert found.part_iou == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert found.background_iou == pytest.approx(2 / 3)
    assert found.person_iou == pytest.approx(5 / 6)
    assert found.u_error == pytest.approx(0.1)
    assert found.v_error == pytest.approx(0.25)
    assert found.crops == 1


def test_coordinates_count_only_where_the_part_is_right() -> None:
    wanted, got = maps([[1, 2, 0]]), maps([[1, 3, 4]])
    got.u[0, 0] = (0.25, 1.0, 1.0)
    assert dense_figures(wanted, got).u_error == pytest.approx(0.25)


def test_cells_are_counted_over_all_crops_at_once() -> None:
    """A mean of means would be 0.75."""
    part = np.array([[[1, 1, 1, 1]], [[1, 1, 0, 0]]], np.uint8)
    other = np.array([[[1, 1, 1, 1]], [[1, 0, 0, 0]]], np.uint8)
    zeros = np.zeros(part.shape, np.float32)
    found = dense_figures(DenseCoordinates(part, zeros, zeros), DenseCoordinates(other, zeros, zeros))
    assert found.part_iou == pytest.approx(5 / 6)


def test_nobody_anywhere() -> None:
    found = dense_figures(maps([[0, 0]]), maps([[0, 0]]))
    assert found.background_iou == 1
    assert all(math.isnan(each) for each in (found.part_iou, found.person_iou, found.u_error, found.v_error))


def test_no_crop() -> None:
    empty = np.zeros((0, 4, 2), np.uint8)
    zeros = np.zeros(empty.shape, np.float32)
    nobody = DenseCoordinates(empty, zeros, zeros)
    found = dense_figures(nobody, nobody)
    assert found.crops == 0
    assert math.isnan(found.background_iou)


def test_maps_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected maps \(1, 1, 2\), got \(1, 1, 3\)"):
        dense_figures(maps([[0, 0]]), maps([[0, 0, 0]]))
