"""Head, trunk and lower limbs: boxes that hold their landmarks, and stripes where there are none."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sightline.skeleton import JOINTS, indices
from training.nets.joint_loss.regions import MARGIN, REGIONS, landmark_regions, stripes

NAMES = list(REGIONS)


def person(**joints: tuple[float, float]) -> Tensor:
    """Key points (1, 19, 3) of which these are visible."""
    keypoints = torch.zeros(1, 19, 3)
    for joint, (x, y) in joints.items():
        keypoints[0, indices([joint])[0]] = torch.tensor([x, y, 1.0])
    return keypoints


STANDING = person(
    head_top=(0.5, 0.05), neck=(0.5, 0.2), right_shoulder=(0.3, 0.22), left_shoulder=(0.7, 0.22), right_elbow=(0.2, 0.35),
    left_elbow=(0.8, 0.36), right_wrist=(0.15, 0.5), left_wrist=(0.82, 0.48), right_hip=(0.4, 0.52), left_hip=(0.6, 0.53),
    right_knee=(0.38, 0.75), left_knee=(0.62, 0.74), right_ankle=(0.32, 0.94), left_ankle=(0.66, 0.92),
)  # fmt: skip


def test_boxes_are_the_extremes_of_their_landmarks_and_a_margin() -> None:
    boxes = dict(zip(NAMES, landmark_regions(STANDING).xyxy[0], strict=True))
    torch.testing.assert_close(boxes["trunk"], torch.tensor([0.15 - MARGIN, 0.2 - MARGIN, 0.82 + MARGIN, 0.53 + MARGIN]))
    torch.testing.assert_close(boxes["lower_limb"], torch.tensor([0.32 - MARGIN, 0.52 - MARGIN, 0.66 + MARGIN, 0.94 + MARGIN]))


def test_a_head_of_a_line_is_made_as_wide_as_a_head() -> None:
    """Market-1501 has head top and neck alone, one above the other."""
    left, top, right, bottom = landmark_regions(STANDING).xyxy[0, 0].tolist()
    assert (right - left, (left + right) / 2) == (pytest.approx(0.4), pytest.approx(0.5))
    assert (top, bottom) == (pytest.approx(0.05 - MARGIN), pytest.approx(0.2 + MARGIN))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000), seen=st.floats(0.0, 1.0))
def test_a_region_holds_its_visible_landmarks_or_is_its_stripe(seed: int, seen: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    keypoints = torch.rand(1, 19, 3, generator=generator)
    keypoints[..., 2] = (keypoints[..., 2] < seen).float()
    windows, fixed = landmark_regions(keypoints), stripes(keypoints)
    assert windows.visible.all()
    assert ((windows.xyxy >= 0) & (windows.xyxy <= 1)).all()
    for index, region in enumerate(REGIONS.values()):
        left, top, right, bottom = windows.xyxy[0, index].tolist()
        visible = [joint for joint in region.own + region.shared if keypoints[0, JOINTS.index(joint), 2] > 0]
        if len(visible) < 2 or not set(visible) & set(region.own):
            assert torch.equal(windows.xyxy[0, index], fixed.xyxy[0, index])
            continue
        for joint in visible:
            x, y, _ = keypoints[0, JOINTS.index(joint)].tolist()
            assert left - 1e-6 <= x <= right + 1e-6
            assert top - 1e-6 <= y <= bottom + 1e-6


@settings(max_examples=40, deadline=None)
@given(right=st.floats(-0.05, 0.05), down=st.floats(-0.005, 0.01))
def test_regions_follow_the_person(right: float, down: float) -> None:
    moved = STANDING + torch.tensor([right, down, 0.0]) * (STANDING[..., 2:] > 0)
    shift = torch.tensor([right, down, right, down])
    torch.testing.assert_close(landmark_regions(moved).xyxy, landmark_regions(STANDING).xyxy + shift)


def test_hips_alone_are_no_lower_limb() -> None:
    """A person cut off at the waist: the hips are the trunk's, and say nothing of legs."""
    boxes = landmark_regions(STANDING * torch.tensor([0.0 if "knee" in j or "ankle" in j else 1.0 for j in JOINTS])[:, None])
    assert boxes.xyxy[0, 2].tolist() == [0.0, 0.5, 1.0, 1.0]


def test_where_nobody_is_seen_are_stripes_from_top_to_bottom() -> None:
    nobody = landmark_regions(torch.zeros(2, 19, 3))
    assert torch.equal(nobody.xyxy, stripes(torch.zeros(2, 19, 3)).xyxy)
    assert nobody.xyxy[:, :, [0, 2]].unique().tolist() == [0.0, 1.0]
    tops, bottoms = nobody.xyxy[0, :, 1].tolist(), nobody.xyxy[0, :, 3].tolist()
    assert (tops[0], bottoms[-1]) == (0.0, 1.0)
    assert tops == sorted(tops)


def test_an_empty_batch_keeps_its_rank() -> None:
    windows = landmark_regions(torch.zeros(0, 19, 3))
    assert (windows.xyxy.shape, windows.visible.shape) == ((0, 3, 4), (0, 3))
