"""Poses are compared by what both people show, wherever and however large they stand in the picture."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.skeleton import FLIP, indices
from training.losses.comparable_poses import comparable_poses, pose_distances

ASPECT = 0.5


def people(count: int, *, seed: int = 0, joints: int = 19) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    keypoints = torch.rand(count, 19, 3, generator=generator)
    keypoints[..., 2] = 1.0
    keypoints[:, joints:, 2] = 0.0
    return keypoints


def by_definition(first: np.ndarray, second: np.ndarray) -> float:
    """The distance of one pair, joint by joint."""
    both = [j for j in range(len(first)) if first[j, 2] > 0 and second[j, 2] > 0]
    shapes = []
    for person in (first, second):
        xy = np.array([(person[j, 0] * ASPECT, person[j, 1]) for j in both], np.float64)
        xy -= xy.mean(axis=0)
        shapes.append(xy / math.sqrt((xy**2).sum() / len(both)))
    return math.sqrt(((shapes[0] - shapes[1]) ** 2).sum() / len(both))


def test_equals_its_definition_pair_by_pair() -> None:
    keypoints = people(6)
    hidden = torch.rand(6, 19, generator=torch.Generator().manual_seed(1)) < 0.3
    keypoints[..., 2] = (~hidden).float()
    distances, shared = pose_distances(keypoints, aspect=ASPECT)
    for i in range(6):
        for j in range(6):
            assert shared[i, j] == int((~hidden[i] & ~hidden[j]).sum())
            assert float(distances[i, j]) == pytest.approx(by_definition(keypoints[i].numpy(), keypoints[j].numpy()), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(scale=st.floats(0.2, 3.0), right=st.floats(-0.5, 0.5), down=st.floats(-0.5, 0.5), seed=st.integers(0, 1000))
def test_place_and_size_in_the_picture_do_not_count(scale: float, right: float, down: float, seed: int) -> None:
    keypoints = people(2, seed=seed)
    moved = keypoints.clone()
    moved[1, :, :2] = moved[1, :, :2] * scale + torch.tensor([right, down])
    before, _ = pose_distances(keypoints, aspect=ASPECT)
    after, _ = pose_distances(moved, aspect=ASPECT)
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_the_mirror_image_of_a_front_is_not_its_back() -> None:
    """A mirrored picture renames left and right, so a front stays a front; swapped names alone are a back."""
    front = torch.zeros(1, 19, 3)
    for joint, (x, y) in {
        "head_top": (0.5, 0.02), "neck": (0.5, 0.16), "right_shoulder": (0.3, 0.2), "left_shoulder": (0.7, 0.2),
        "right_hip": (0.38, 0.5), "left_hip": (0.62, 0.5), "right_knee": (0.36, 0.72), "left_knee": (0.64, 0.72),
        "right_ankle": (0.36, 0.95), "left_ankle": (0.64, 0.95),
    }.items():  # fmt: skip
        front[0, indices([joint])[0]] = torch.tensor([x, y, 1.0])
    mirror = front[:, list(FLIP)] * torch.tensor([-1.0, 1.0, 1.0]) + torch.tensor([1.0, 0.0, 0.0])
    back = front[:, list(FLIP)]
    comparable = comparable_poses(torch.cat([front, mirror, back]), aspect=ASPECT, max_distance=0.4, min_joints=6)
    assert comparable.tolist() == [[True, True, False], [True, True, False], [False, False, True]]


def test_too_few_joints_in_common_are_no_comparison() -> None:
    keypoints = people(1, joints=8).repeat(2, 1, 1)
    keypoints[1, :3, 2] = 0.0
    shares_five = comparable_poses(keypoints, aspect=ASPECT, max_distance=2.0, min_joints=6)
    assert shares_five.tolist() == [[True, False], [False, False]]
    assert comparable_poses(keypoints, aspect=ASPECT, max_distance=2.0, min_joints=5).all()


def test_unseen_people_and_joints_on_one_spot_are_comparable_with_none() -> None:
    unseen, spot = torch.zeros(1, 19, 3), torch.full((1, 19, 3), 0.5)
    keypoints = torch.cat([unseen, spot, people(1)])
    comparable = comparable_poses(keypoints, aspect=ASPECT, max_distance=2.0, min_joints=2)
    assert comparable.tolist() == [[False, False, False], [False, False, False], [False, False, True]]


def test_nobody_is_a_matrix_of_nothing() -> None:
    assert comparable_poses(torch.zeros(0, 19, 3), aspect=ASPECT, max_distance=0.5, min_joints=6).shape == (0, 0)


def test_a_pose_of_one_joint_is_refused() -> None:
    with pytest.raises(ValueError, match="two joints"):
        comparable_poses(people(2), aspect=ASPECT, max_distance=0.5, min_joints=1)
