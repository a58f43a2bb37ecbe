"""Key points in, IUV out: what must hold for every pose, and hand-made poses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.people import mirror_image, someone, standing

from sightline.body_model.fit import fit_dense_coordinates
from sightline.body_model.mirror import mirrored
from sightline.body_model.parts import PARTS
from sightline.skeleton import JOINTS
from sightline.types import DenseCoordinates

SIZE_HW = (96, 48)
SEEDS = st.integers(0, 2**32 - 1)


def parts_of(coordinates: DenseCoordinates) -> set[str]:
    return {PARTS[part] for part in np.unique(coordinates.part)} - {"background"}


def fit(keypoints: np.ndarray, size_hw: tuple[int, int] = SIZE_HW) -> DenseCoordinates:
    return fit_dense_coordinates(keypoints[None], size_hw)


def test_no_people_give_no_maps() -> None:
    coordinates = fit_dense_coordinates(np.zeros((0, len(JOINTS), 3), np.float32), SIZE_HW)
    assert coordinates.part.shape == (0, *SIZE_HW)


def test_no_body_gives_background_alone() -> None:
    coordinates = fit(np.zeros((len(JOINTS), 3), np.float32))
    assert not coordinates.part.any()
    assert not coordinates.u.any()
    assert not coordinates.v.any()


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(N, 19, 3\), got \(19, 3\)"):
        fit_dense_coordinates(standing(), SIZE_HW)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([0.0, 0.3]))
def test_ids_and_ranges(seed: int, hidden: float) -> None:
    coordinates = fit(someone(seed, hidden=hidden))
    assert coordinates.part.max(initial=0) <= 24
    for values in (coordinates.u, coordinates.v):
        assert values.min() >= 0
        assert values.max() <= 1
        assert not values[coordinates.part == 0].any()


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([0.0, 0.3]))
@example(392, 0.3)  # an arm over the other, and nothing that says which of them is nearer
def test_mirrored_key_points_give_the_mirrored_maps(seed: int, hidden: float) -> None:
    person = someone(seed, hidden=hidden)
    expected, got = mirrored(fit(person)), fit(mirror_image(person))
    agree = expected.part == got.part
    assert np.mean(~agree) < 0.005  # pixels whose centre lies on an edge
    np.testing.assert_allclose(expected.u[agree], got.u[agree], atol=1e-3)
    around = np.abs(expected.v[agree] - got.v[agree])
    assert np.mean(np.minimum(around, 1 - around) > 0.02) < 0.005  # v of hands and feet is a circle; steep at silhouettes


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_limbs_stay_near_their_bones(seed: int) -> None:
    person = someone(seed)
    coordinates = fit(person)
    xy = person[:, :2] * np.array(SIZE_HW[::-1])
    stature = SIZE_HW[0]  # the drawn people fill the picture
    for name, start, end in (("upper_arm", "shoulder", "elbow"), ("lower_arm", "elbow", "wrist"), ("upper_leg", "hip", "knee")):
        for side in ("left", "right"):
            ids = [part for part, known in enumerate(PARTS) if known.startswith(f"{side}_{name}")]
            rows, columns = np.nonzero(np.isin(coordinates.part[0], ids))
            pixels = np.stack([columns, rows], axis=1) + 0.5
            ends = xy[JOINTS.index(f"{side}_{start}")], xy[JOINTS.index(f"{side}_{end}")]
            assert distance_to_segment(pixels, *ends).max(initial=0) < 0.1 * stature


def distance_to_segment(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    way = end - start
    part = np.clip((points - start) @ way / max(way @ way, 1e-9), 0, 1)
    return np.linalg.norm(points - (start + part[:, None] * way), axis=1)


def test_who_faces_the_camera_shows_the_front() -> None:
    assert all(not name.endswith("_back") for name in parts_of(fit(standing())))
    assert "torso_front" in parts_of(fit(standing()))


def test_who_turns_away_shows_the_back() -> None:
    turned = standing()
    turned[:, 0] = 1 - turned[:, 0]
    assert all(not name.endswith("_front") for name in parts_of(fit(turned)))


@pytest.mark.parametrize(("nose_x", "near", "far"), [(0.8, "right", "left"), (0.2, "left", "right")])
def test_from_the_side_both_faces_show_and_the_near_arm_covers_the_far_one(nose_x: float, near: str, far: str) -> None:
    person = standing()
    person[:, 0] = 0.5
    person[JOINTS.index("nose"), 0] = nose_x
    part = fit(person).part[0]
    assert {"torso_front", "torso_back"} <= parts_of(fit(person))
    in_front = part[:, int(SIZE_HW[1] * 0.5) :] if nose_x > 0.5 else part[:, : int(SIZE_HW[1] * 0.5)]
    assert np.isin(in_front, [PARTS.index("torso_front"), PARTS.index(f"{near}_upper_leg_front")]).any()
    assert not np.isin(in_front, [PARTS.index("torso_back"), PARTS.index(f"{near}_upper_leg_back")]).any()
    assert (part == PARTS.index(f"{near}_upper_arm_front")).any()
    assert not (part == PARTS.index(f"{far}_upper_arm_front")).any()


def test_an_invisible_joint_takes_its_limbs_away() -> None:
    person = standing()
    person[JOINTS.index("left_elbow"), 2] = 0
    person[JOINTS.index("right_ankle"), 0] = np.nan
    gone = parts_of(fit(standing())) - parts_of(fit(person))
    assert gone == {"left_upper_arm_front", "left_lower_arm_front", "left_hand", "right_lower_leg_front", "right_foot"}


def test_confidence_decides_who_is_visible() -> None:
    person = standing()
    person[:, 2] = 0.4
    assert fit_dense_coordinates(person[None], SIZE_HW, min_confidence=0.3).part.any()
    assert not fit_dense_coordinates(person[None], SIZE_HW, min_confidence=0.5).part.any()


def test_joints_beyond_the_picture_are_cut_off_there() -> None:
    person = standing()
    person[:, 1] *= 2.0
    half = fit_dense_coordinates(person[None], SIZE_HW)
    assert "torso_front" in parts_of(half)
    assert not parts_of(half) & {"left_foot", "right_foot"}
    person[JOINTS.index("left_wrist"), :2] = 1e9
    fit_dense_coordinates(person[None], SIZE_HW)


def test_u_runs_down_the_leg_and_v_from_inside_to_outside() -> None:
    size_hw = (256, 128)
    coordinates = fit(standing(), size_hw)
    for side in ("right", "left"):
        rows, columns = np.nonzero(coordinates.part[0] == PARTS.index(f"{side}_upper_leg_front"))
        u, v = coordinates.u[0, rows, columns], coordinates.v[0, rows, columns]
        assert np.corrcoef(rows, u)[0, 1] > 0.99
        outwards = columns if side == "left" else -columns
        assert np.corrcoef(outwards, v)[0, 1] > 0.95


def test_v_of_the_visible_half_follows_the_limb_of_revolution() -> None:
    """Across a limb of half width r, a pixel at x sees the angle asin(x / r): v = 1/2 + asin(x / r) / pi from the front."""
    person = np.zeros((len(JOINTS), 3), np.float32)
    for name, x, y in (("left_elbow", 0.5, 0.2), ("left_wrist", 0.5, 0.8)):
        person[JOINTS.index(name)] = (x, y, 1)
    coordinates = fit(person, (200, 100))
    row = 100
    columns = np.nonzero(coordinates.part[0, row])[0]
    middle, half = 50.0, math.nan
    x = columns + 0.5 - middle
    angle = (coordinates.v[0, row, columns] - 0.5) * math.pi
    half = float((x @ x) / (x @ np.sin(angle)))
    np.testing.assert_allclose(np.sin(angle), x / half, atol=1e-4)
    assert abs(half - (columns[-1] - columns[0] + 1) / 2) < 1
