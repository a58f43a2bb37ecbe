"""What is said of a person's pixels: parts on their right sides, joints in the silhouette, the charts of the body model."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from sightline.body_model.fit import fit_dense_coordinates
from sightline.body_model.parts import PARTS
from sightline.cameras.synthetic.crowd import Standing
from sightline.cameras.synthetic.ground_truth import FrameTruth, Visibility
from sightline.cameras.synthetic.person import draw_person
from sightline.skeleton import JOINTS
from sightline.types import DenseCoordinates

FACING, AWAY = -math.pi / 2, math.pi / 2
Truth, Stand = Callable[..., FrameTruth], Callable[..., Standing]


def plain(count: int) -> list[int]:
    """Pids of people in trousers without bags, hats and long hair, whose parts nothing covers."""
    wanted = {"lower_type": "pants", "hair": "short", "hat": "no", "backpack": "no", "bag": "no", "handbag": "no"}
    found = (pid for pid in range(1, 400) if wanted.items() <= draw_person(0, pid).attributes.items())
    return [pid for pid, _ in zip(found, range(count), strict=False)]


def middle_x(dense: DenseCoordinates, name: str) -> float:
    return float(np.nonzero(dense.part[0] == PARTS.index(name))[1].mean())


@pytest.mark.parametrize("pid", plain(3))
@pytest.mark.parametrize(("heading", "face"), [(FACING, "front"), (AWAY, "back")])
def test_left_and_right_front_and_back(truth_of: Truth, stand: Stand, pid: int, heading: float, face: str) -> None:
    left_is_right = face == "front"
    dense = truth_of(stand(pid, heading)).dense
    for name in ("upper_arm", "lower_arm", "upper_leg", "lower_leg"):
        left, right = middle_x(dense, f"left_{name}_{face}"), middle_x(dense, f"right_{name}_{face}")
        assert (left > right) == left_is_right
    for name in ("hand", "foot", "head"):
        assert (middle_x(dense, f"left_{name}") > middle_x(dense, f"right_{name}")) == left_is_right
    counts = np.bincount(dense.part.reshape(-1), minlength=25)
    other = "back" if face == "front" else "front"
    assert counts[PARTS.index(f"torso_{face}")] > 10 * counts[PARTS.index(f"torso_{other}")]


@pytest.mark.parametrize("pid", plain(3))
@pytest.mark.parametrize("heading", [FACING, AWAY, FACING + 0.7])
def test_the_charts_run_as_those_of_the_fitted_body_model(truth_of: Truth, stand: Stand, pid: int, heading: float) -> None:
    """u agrees; v as far as the fit can tell how far a body is turned, so its direction is what is compared."""
    truth = truth_of(stand(pid, heading))
    width, height = truth.size_wh
    keypoints = np.concatenate([truth.joints_xy[0] / (width, height), np.ones((len(JOINTS), 1))], axis=1)
    fitted = fit_dense_coordinates(keypoints[None].astype(np.float32), (height, width))
    both = (truth.dense.part > 0) & (fitted.part > 0)
    same = both & (truth.dense.part == fitted.part)
    assert same.sum() > 0.7 * both.sum()
    assert np.abs(truth.dense.u[same] - fitted.u[same]).mean() < 0.05
    compared = [part for part, name in enumerate(PARTS) if "arm" in name or "leg" in name or "torso" in name]
    large = [part for part in compared if (same & (truth.dense.part == part)).sum() > 200]
    assert len(large) >= 6
    for part in large:
        here = same & (truth.dense.part == part)
        for ours, theirs in ((truth.dense.u, fitted.u), (truth.dense.v, fitted.v)):
            assert np.corrcoef(ours[here], theirs[here])[0, 1] > 0.85, PARTS[part]


@pytest.mark.parametrize("pid", plain(3))
@pytest.mark.parametrize(("heading", "face"), [(FACING, "front"), (AWAY, "back")])
def test_v_runs_from_the_inside_of_a_limb_to_its_outside(
    truth_of: Truth, stand: Stand, pid: int, heading: float, face: str
) -> None:
    """Of the torso from the person's right to their left; the middle of what is seen is the middle of the chart."""
    dense = truth_of(stand(pid, heading)).dense
    to_the_left = 1 if face == "front" else -1
    for name, side in ((f"torso_{face}", 1), (f"left_lower_leg_{face}", 1), (f"right_lower_leg_{face}", -1)):
        rows, columns = np.nonzero(dense.part[0] == PARTS.index(name))
        v = dense.v[0, rows, columns]
        assert np.corrcoef(columns, v)[0, 1] * side * to_the_left > 0.7
        assert v.mean() == pytest.approx(0.5, abs=0.1)
        assert v.min() < 0.2
        assert v.max() > 0.8


@pytest.mark.parametrize("heading", [FACING, AWAY, 0.3])
def test_a_limb_lies_on_the_line_between_its_joints(truth_of: Truth, stand: Stand, heading: float) -> None:
    """The middle of a visible forearm or shin has that part."""
    truth = truth_of(stand(plain(1)[0], heading, phase=0.1, vigour=1.0))
    for side in ("left", "right"):
        for name, start, end in (("lower_arm", "elbow", "wrist"), ("lower_leg", "knee", "ankle")):
            ends = [JOINTS.index(f"{side}_{joint}") for joint in (start, end)]
            if (truth.visibility[0, ends] < Visibility.VISIBLE).any():
                continue
            x, y = truth.joints_xy[0, ends].mean(0).astype(int)
            assert PARTS[truth.dense.part[0, y, x]].startswith(f"{side}_{name}")


@pytest.mark.parametrize("pid", range(1, 9))
def test_visible_joints_lie_in_the_box_and_nearly_all_on_the_person(truth_of: Truth, stand: Stand, pid: int) -> None:
    truth = truth_of(stand(pid, FACING + 0.8 * pid, phase=0.17 * pid, vigour=1.0))
    seen = truth.joints_xy[0][truth.visibility[0] == Visibility.VISIBLE]
    x, y, width, height = truth.boxes_xywh[0]
    assert len(seen) >= 8
    assert (seen >= (x - 1, y - 1)).all()
    assert (seen <= (x + width + 1, y + height + 1)).all()
    columns, rows = np.clip(seen.astype(int), 0, (truth.size_wh[0] - 1, truth.size_wh[1] - 1)).T
    assert (truth.owner[rows, columns] == 1).mean() > 0.85


def test_the_box_is_the_extent_of_the_visible_pixels(truth_of: Truth, stand: Stand) -> None:
    truth = truth_of(stand(1, FACING, x=-0.2, y=0.8), stand(2, AWAY, x=0.2))
    assert truth.pids.tolist() == [1, 2]
    for index, (x, y, width, height) in enumerate(truth.boxes_xywh):
        rows, columns = np.nonzero(truth.owner == index + 1)
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)


def test_who_stands_behind_another_is_seen_less(truth_of: Truth, stand: Stand) -> None:
    alone = truth_of(stand(1, FACING, y=1.0))
    behind = truth_of(stand(1, FACING, y=1.0), stand(2, AWAY, x=0.1))
    assert alone.visible_fraction[0] == 1
    assert (alone.visibility == Visibility.OCCLUDED).sum() == 0
    assert behind.visible_fraction[0] < 0.7
    assert behind.visible_fraction[1] == 1
    hidden = behind.visibility[0] == Visibility.OCCLUDED
    assert hidden.sum() >= 5
    columns, rows = behind.joints_xy[0, hidden].astype(int).T
    assert (behind.owner[rows, columns] == 2).mean() >= 0.8  # at the edges, the sample is a quarter of a pixel away


def test_the_far_arm_is_hidden_by_the_own_body(truth_of: Truth, stand: Stand) -> None:
    """Heading along x, the camera sees the person's right side."""
    truth = truth_of(stand(plain(1)[0], 0.0))
    states = dict(zip(JOINTS, truth.visibility[0].tolist(), strict=True))
    assert states["right_shoulder"] == states["right_elbow"] == Visibility.VISIBLE
    assert states["left_shoulder"] == states["left_elbow"] == states["left_ear"] == Visibility.SELF_OCCLUDED


def test_joints_outside_the_picture_and_people_cut_by_it(truth_of: Truth, stand: Stand) -> None:
    truth = truth_of(stand(1, FACING, x=0.8))
    width, height = truth.size_wh
    outside = ((truth.joints_xy[0] < 0) | (truth.joints_xy[0] >= (width, height))).any(axis=1)
    np.testing.assert_array_equal(truth.visibility[0] == Visibility.OUTSIDE, outside)
    assert outside.any()
    assert truth.truncated.tolist() == [True]
    assert truth_of(stand(1, FACING)).truncated.tolist() == [False]


def test_nobody(truth_of: Truth) -> None:
    truth = truth_of()
    assert len(truth) == 0
    assert truth.boxes_xywh.shape == (0, 4)
    assert truth.joints_xy.shape == (0, len(JOINTS), 2)
    assert not truth.owner.any()
