"""PCK by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.evaluation.poses.correct_keypoints import HEAD, TORSO, correct, lengths, pck, pck_by_joint, separation
from sightline.skeleton import JOINTS

NECK, HEAD_TOP, KNEE = JOINTS.index("neck"), JOINTS.index("head_top"), JOINTS.index("left_knee")
SHOULDER, HIP = JOINTS.index("left_shoulder"), JOINTS.index("right_hip")


def person() -> np.ndarray:
    """A torso of 50 pixels (30, 40), a head of 10; five joints are known."""
    true = np.zeros((1, len(JOINTS), 3), np.float32)
    for joint, place in ((SHOULDER, (10, 10)), (HIP, (40, 50)), (HEAD_TOP, (20, 0)), (NECK, (20, 10)), (KNEE, (30, 80))):
        true[0, joint] = (*place, 1)
    return true


def test_lengths_are_between_two_joints_and_unknown_without_one() -> None:
    true = np.concatenate([person(), person()])
    true[1, HIP, 2] = 0
    np.testing.assert_allclose(lengths(true, TORSO), [50, np.nan])
    np.testing.assert_allclose(lengths(true, HEAD), [10, 10])


def test_a_joint_is_found_within_a_part_of_the_torso() -> None:
    true = person()
    found = true[..., :2].copy()
    found[0, KNEE] += (6, 8)  # 10 pixels away: 0.2 of 50
    found[0, NECK] += (0, 10.1)
    hits = correct(found, true, lengths(true, TORSO), 0.2)
    assert hits[0, KNEE] == 1
    assert hits[0, NECK] == 0
    assert np.isnan(hits[0, JOINTS.index("nose")]), "not known"
    assert pck(found, true) == pytest.approx(4 / 5)
    assert pck(found, true, ends=HEAD, part=0.5) == pytest.approx(3 / 5), "within 5 pixels"
    by_joint = pck_by_joint(found, true)
    assert (by_joint[KNEE], by_joint[NECK]) == (1, 0)
    assert np.isnan(by_joint[JOINTS.index("left_ear")])


def test_people_without_a_length_do_not_count() -> None:
    true = person()
    true[0, SHOULDER, 2] = 0
    assert np.isnan(pck(true[..., :2], true))
    assert np.isnan(pck(np.zeros((0, len(JOINTS), 2), np.float32), np.zeros((0, len(JOINTS), 3), np.float32)))


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="expected"):
        correct(np.zeros((2, 3, 2), np.float32), np.zeros((2, 3, 2), np.float32), np.zeros(2, np.float32), 0.2)


def test_separation_counts_pairs() -> None:
    confidence = np.array([0.9, 0.4, 0.4, 0.1], np.float32)
    seen = np.array([True, True, False, False])
    assert separation(confidence, seen) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert separation(-confidence, seen) == pytest.approx(0.5 / 4)
    assert np.isnan(separation(confidence, np.ones(4, bool)))
