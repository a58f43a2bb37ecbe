"""Boxes, letterbox and crops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.geometry import box_areas, clip_boxes, crop, crops, letterbox, pairwise_iou, xywh_to_xyxy, xyxy_to_xywh
from sightline.spec import CropRule

coordinate = st.floats(-500, 500, width=32)
boxes = st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), max_size=5).map(
    lambda rows: np.array(rows, np.float32).reshape(-1, 4)
)


@given(boxes, boxes)
def test_iou_agrees_with_the_plain_definition(first: np.ndarray, second: np.ndarray) -> None:
    overlap = pairwise_iou(first, second)
    assert overlap.shape == (len(first), len(second))
    for n, a in enumerate(first):
        for m, b in enumerate(second):
            width = min(a[2], b[2]) - max(a[0], b[0])
            height = min(a[3], b[3]) - max(a[1], b[1])
            shared = max(width, 0) * max(height, 0)
            union = box_areas(a[None])[0] + box_areas(b[None])[0] - shared
            assert overlap[n, m] == pytest.approx(shared / union if union > 0 else 0, rel=1e-4, abs=1e-5)


@given(boxes)
def test_corners_and_sides_are_inverse(corners: np.ndarray) -> None:
    np.testing.assert_allclose(xywh_to_xyxy(xyxy_to_xywh(corners)), corners, atol=1e-3)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 200), st.integers(1, 200))
def test_a_letterboxed_box_comes_back(height: int, width: int, canvas_h: int, canvas_w: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    canvas, fit = letterbox(image, (canvas_h, canvas_w))
    assert canvas.shape == (canvas_h, canvas_w, 3)
    whole = np.array([[0, 0, width, height]], np.float32)
    np.testing.assert_allclose(fit.undo(whole * np.float32(fit.scale)), whole, rtol=1e-4)
    assert (fit.undo(np.array([[-9, -9, 1e6, 1e6]], np.float32)) == whole).all()


def test_the_picture_stands_top_left_on_grey() -> None:
    canvas, fit = letterbox(np.full((100, 50, 3), 255, np.uint8), (60, 60))
    assert fit.scale == 0.6
    assert (canvas[:, :30] == 255).all()
    assert (canvas[:, 30:] == 114).all()


def test_boxes_beyond_the_picture_become_empty() -> None:
    assert clip_boxes(np.array([[-20, -20, -5, -5]], np.float32), (10, 10)).tolist() == [[0, 0, 0, 0]]


@given(coordinate, coordinate, coordinate, coordinate)
def test_any_box_can_be_cropped(left: float, top: float, right: float, bottom: float) -> None:
    image = np.zeros((40, 30, 3), np.uint8)
    box = np.array([left, top, right, bottom], np.float32)
    for rule in (CropRule(size_hw=(16, 8)), CropRule(size_hw=(16, 8), expand=0.5, fit="letterbox", interpolation="area")):
        assert crop(image, box, rule).shape == (16, 8, 3)


def test_a_crop_shows_the_box() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[20:60, 30:50] = 200
    box = np.array([[30, 20, 50, 60]], np.float32)
    assert (crops(image, box, CropRule(size_hw=(64, 32))) == 200).all()
    wider = crops(image, box, CropRule(size_hw=(64, 32), expand=1.0))
    assert (wider[0, 0] == 0).all()
    assert (wider[0, 32, 16] == 200).all()
    assert crops(image, np.zeros((0, 4), np.float32), CropRule(size_hw=(64, 32))).shape == (0, 64, 32, 3)
