"""Skeletons on pictures: what is drawn, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.skeleton import JOINTS
from sightline.skeleton_drawing import LEFT, MIDDLE, RIGHT, draw_skeleton

BLACK = np.zeros((120, 60, 3), np.uint8)


def keypoints(**places: tuple[float, float, float]) -> np.ndarray:
    points = np.zeros((len(JOINTS), 3), np.float32)
    for name, place in places.items():
        points[JOINTS.index(name)] = place
    return points


def like(pixel: np.ndarray, colour: tuple[int, int, int]) -> bool:
    """Lines have soft edges: a thin one is a little darker."""
    return bool(np.abs(pixel.astype(int) - colour).max() < 40)


def test_a_limb_joins_two_seen_joints_in_the_colour_of_its_side() -> None:
    points = keypoints(
        left_hip=(20.5, 20.5, 1), left_knee=(20.5, 60.5, 0.9), right_hip=(40.5, 20.5, 1), right_knee=(40.5, 60.5, 1)
    )
    drawn = draw_skeleton(BLACK, points)
    assert like(drawn[40, 20], LEFT)
    assert like(drawn[40, 40], RIGHT)
    assert not drawn[40, 28:32].any(), "hips are not joined to one another"
    assert not BLACK.any(), "the picture itself is left alone"


def test_head_and_neck_are_of_neither_side() -> None:
    drawn = draw_skeleton(BLACK, keypoints(head_top=(30.5, 10.5, 1), neck=(30.5, 40.5, 1)))
    assert like(drawn[25, 30], MIDDLE)


def test_joints_that_are_not_sure_are_left_out_and_so_are_their_limbs() -> None:
    points = keypoints(left_hip=(20.5, 20.5, 1), left_knee=(20.5, 60.5, 0.3))
    drawn = draw_skeleton(BLACK, points)
    assert drawn[20, 20].any()
    assert not drawn[40, 20].any()
    assert draw_skeleton(BLACK, points, min_confidence=0.2)[40, 20].any()
    assert (draw_skeleton(BLACK, keypoints()) == BLACK).all()


def test_a_model_of_other_joints_names_them() -> None:
    points = np.array([[10.5, 60.5, 1], [10.5, 20.5, 1]], np.float32)
    drawn = draw_skeleton(BLACK, points, joints=("right_ankle", "right_knee"))
    assert like(drawn[40, 10], RIGHT)
    with pytest.raises(ValueError, match=r"\(19, 3\)"):
        draw_skeleton(BLACK, points)


def test_large_people_have_thicker_lines_and_places_outside_do_no_harm() -> None:
    large = np.zeros((900, 300, 3), np.uint8)
    drawn = draw_skeleton(large, keypoints(neck=(150, 10, 1), left_hip=(150, 890, 1)))
    assert (drawn[400].any(axis=1)).sum() >= 5
    draw_skeleton(BLACK, keypoints(neck=(-500, -20, 1), left_hip=(2000, 400, 1)))
