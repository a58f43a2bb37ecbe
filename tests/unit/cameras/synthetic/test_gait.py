"""The gait: bones keep their length, feet keep to the floor, left and right take turns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sightline.cameras.synthetic.gait import FOOT_RADII, FOREARM, UPPER_ARM, posture
from sightline.cameras.synthetic.measures import Measures, draw_measures
from sightline.skeleton import JOINTS

PHASES = [index / 16 for index in range(16)]


@pytest.fixture
def measures() -> Measures:
    return draw_measures("female", "adult", np.random.default_rng(3))


def test_all_joints_of_the_skeleton_are_there(measures: Measures) -> None:
    assert set(JOINTS) <= set(posture(measures, 0.3, 1.0).points)


@pytest.mark.parametrize("phase", PHASES)
def test_bones_keep_their_length(measures: Measures, phase: float) -> None:
    points = posture(measures, phase, 1.0).points
    for side in ("left", "right"):
        arm = math.dist(points[f"{side}_shoulder"], points[f"{side}_elbow"])
        assert arm == pytest.approx(UPPER_ARM * measures.stature, rel=0.02)
        assert math.dist(points[f"{side}_elbow"], points[f"{side}_wrist"]) == pytest.approx(
            FOREARM * measures.stature, rel=0.02
        )
    thighs = [math.dist(points[f"{side}_hip"], points[f"{side}_knee"]) for side in ("left", "right")]
    assert thighs[0] == pytest.approx(thighs[1], rel=0.03)


@pytest.mark.parametrize("phase", PHASES)
def test_a_foot_is_on_the_floor_and_none_is_below_it(measures: Measures, phase: float) -> None:
    points = posture(measures, phase, 1.0).points
    soles = [
        points[f"{side}_{end}"][2] - radius * measures.stature
        for side in ("left", "right")
        for end, radius in zip(("heel", "toe"), FOOT_RADII, strict=True)
    ]
    assert min(soles) == pytest.approx(0, abs=1e-9)


def test_half_a_cycle_later_left_and_right_have_changed_places(measures: Measures) -> None:
    for phase in PHASES:
        now, later = posture(measures, phase, 1.0).points, posture(measures, phase + 0.5, 1.0).points
        for joint in ("hip", "knee", "ankle", "elbow", "wrist"):
            x, y, z = now[f"left_{joint}"]
            assert later[f"right_{joint}"] == pytest.approx((x, -y, z))


def test_standing_people_stand_as_high_as_their_stature(measures: Measures) -> None:
    points = posture(measures, 0.0, 0.0).points
    assert points["head_top"][2] == pytest.approx(measures.stature, rel=0.03)
    assert points["left_ankle"][0] == pytest.approx(points["right_ankle"][0])


def test_a_foot_that_stands_hardly_slides(measures: Measures) -> None:
    """Over the middle of its stance, what the foot goes back in the body's frame is what the body goes on."""
    first, last = (posture(measures, phase, 1.0).points["left_ankle"][0] for phase in (0.15, 0.40))
    assert first - last == pytest.approx(0.25 * measures.stride, rel=0.35)
