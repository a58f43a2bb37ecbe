"""True maps, recomputed cell by cell from OpenPose's equations."""

import math

import pytest
import torch
from torch import Tensor

from sightline.skeleton import FLIP, JOINTS, indices
from training.nets.openpose.drawing import DrawnMaps, annotated, draw_maps
from training.nets.openpose.map_spec import MapSpec

SPEC = MapSpec(
    joints=("neck", "right_shoulder", "right_elbow"),
    limbs=(("neck", "right_shoulder"), ("right_shoulder", "right_elbow")),
    spread=1.5,
    limb_width=0.8,
)
SIZE = (8, 5)


def people(**joints: tuple[float, float]) -> Tensor:
    """One person with these joints, (1, 19, 3)."""
    keypoints = torch.zeros(1, len(JOINTS), 3)
    for name, (x, y) in joints.items():
        keypoints[0, JOINTS.index(name)] = torch.tensor([x, y, 0.9])
    return keypoints


ARM = people(neck=(0.5, 0.2), right_shoulder=(0.3, 0.25), right_elbow=(0.15, 0.7))


def bell(row: int, column: int, point: Tensor) -> float:
    x, y = float(point[0]) * SIZE[1] - 0.5, float(point[1]) * SIZE[0] - 0.5
    return math.exp(-((column - x) ** 2 + (row - y) ** 2) / 1.5**2)


def field(row: int, column: int, start: Tensor, end: Tensor) -> tuple[float, float]:
    x1, y1 = float(start[0]) * SIZE[1] - 0.5, float(start[1]) * SIZE[0] - 0.5
    x2, y2 = float(end[0]) * SIZE[1] - 0.5, float(end[1]) * SIZE[0] - 0.5
    length = math.hypot(x2 - x1, y2 - y1)
    vx, vy = (x2 - x1) / length, (y2 - y1) / length
    forward = vx * (column - x1) + vy * (row - y1)
    aside = -vy * (column - x1) + vx * (row - y1)
    return (vx, vy) if 0 <= forward <= length and abs(aside) <= 0.8 else (0.0, 0.0)


def test_maps_equal_their_formulas() -> None:
    maps = draw_maps(ARM, SPEC, SIZE)
    assert maps.confidence.shape == (1, 4, *SIZE)
    assert maps.affinity.shape == (1, 4, *SIZE)
    joints = ARM[0, list(indices(SPEC.joints))]
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            bells = [bell(row, column, joint) for joint in joints]
            expected = [*bells, 1 - max(bells)]
            assert maps.confidence[0, :, row, column].tolist() == pytest.approx(expected, abs=1e-5)
            fields = [*field(row, column, joints[0], joints[1]), *field(row, column, joints[1], joints[2])]
            assert maps.affinity[0, :, row, column].tolist() == pytest.approx(fields, abs=1e-5)
    assert (maps.affinity != 0).any(dim=(0, 2, 3)).all(), "every field has a cell, or the test shows nothing"


def test_an_unknown_joint_draws_nothing_and_takes_its_limbs_along() -> None:
    keypoints = ARM.clone()
    keypoints[0, JOINTS.index("right_elbow"), 2] = 0
    maps, whole = draw_maps(keypoints, SPEC, SIZE), draw_maps(ARM, SPEC, SIZE)
    assert not maps.confidence[0, 2].any()
    assert not maps.affinity[0, 2:].any()
    assert torch.equal(maps.confidence[0, :2], whole.confidence[0, :2])
    assert torch.equal(maps.affinity[0, :2], whole.affinity[0, :2])


def test_the_mask_leaves_out_what_nobody_annotated() -> None:
    keypoints = ARM.clone()
    keypoints[0, JOINTS.index("right_elbow"), 2] = 0
    mask = annotated(torch.cat([ARM, keypoints]), SPEC)
    assert mask.confidence[:, :, 0, 0].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]], "the background is known where all joints are"
    assert mask.affinity[:, :, 0, 0].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]


def test_a_limb_without_length_has_no_direction() -> None:
    folded = people(neck=(0.5, 0.2), right_shoulder=(0.5, 0.2), right_elbow=(0.5, 0.2))
    maps = draw_maps(folded, SPEC, SIZE)
    assert not maps.affinity.any()
    assert maps.confidence.isfinite().all()


def test_nobody_is_legal() -> None:
    maps = draw_maps(torch.zeros(0, len(JOINTS), 3), SPEC, SIZE)
    assert maps.confidence.shape == (0, 4, *SIZE)
    assert maps.affinity.shape == (0, 4, *SIZE)


def test_a_mirrored_person_has_mirrored_maps() -> None:
    spec = MapSpec()
    generator = torch.Generator().manual_seed(3)
    keypoints = torch.rand(4, len(JOINTS), 3, generator=generator)
    mirrored = keypoints[:, list(FLIP)] * torch.tensor([-1.0, 1, 1]) + torch.tensor([1.0, 0, 0])
    maps, seen = draw_maps(keypoints, spec, (16, 8)), draw_maps(mirrored, spec, (16, 8))
    left, right = spec.joints.index("left_wrist"), spec.joints.index("right_wrist")
    torch.testing.assert_close(seen.confidence[:, left], maps.confidence[:, right].flip(-1), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.confidence[:, -1], maps.confidence[:, -1].flip(-1), atol=1e-5, rtol=0)


def test_drawn_maps_have_the_stride_of_a_pose_net() -> None:
    maps = DrawnMaps(MapSpec(), stride=8)(ARM, (128, 64))
    assert maps.confidence.shape == (1, 15, 16, 8)
    assert maps.affinity.shape == (1, 26, 16, 8)
