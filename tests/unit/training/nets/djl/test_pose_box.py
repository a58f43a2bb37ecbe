"""PoseBoxes: parts upright in their places, whatever the pose; and the net that learns from them."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from support.exported_net import people_to_see
from torch import Tensor

from sightline.skeleton import FLIP, JOINTS
from training.batch import Inputs
from training.nets.backbones.config import DgdInceptionConfig
from training.nets.djl.config import DjlConfig
from training.nets.djl.pose_box import JOINTS_USED, pose_box
from training.nets.systems.djl import Djl

HEIGHT, WIDTH = 160, 80
STANDING = {
    "right_shoulder": (0.35, 0.2), "right_elbow": (0.3, 0.35), "right_wrist": (0.3, 0.5),
    "left_shoulder": (0.65, 0.2), "left_elbow": (0.7, 0.35), "left_wrist": (0.7, 0.5),
    "right_hip": (0.4, 0.5), "right_knee": (0.4, 0.7), "right_ankle": (0.4, 0.9),
    "left_hip": (0.6, 0.5), "left_knee": (0.6, 0.7), "left_ankle": (0.6, 0.9),
}  # fmt: skip
PIE = DjlConfig(backbone=DgdInceptionConfig(width=0.125), modules=(), pose_box=True)


def points(where: dict[str, tuple[float, float]]) -> Tensor:
    """Key points (1, J, 3), those that are not named invisible."""
    found = torch.zeros(1, len(JOINTS), 3)
    for joint, (x, y) in where.items():
        found[0, JOINTS.index(joint)] = torch.tensor([x, y, 0.8])
    return found


def coordinates() -> Tensor:
    """A picture (1, 2, H, W) whose pixels say where they are: x, y in pixels."""
    y, x = torch.meshgrid(torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5, indexing="ij")
    return torch.stack([x, y])[None]


def test_a_limb_runs_from_its_upper_joint_to_its_lower_one() -> None:
    box = pose_box(coordinates(), points({**STANDING, "right_knee": (0.2, 0.6), "right_ankle": (0.5, 0.65)}))
    assert box.shape == (1, 2, HEIGHT, WIDTH)
    top, bottom = 72 + 44, HEIGHT - 1  # the right lower leg's place: below the torso and the upper leg, in the left half
    middle = box[0, :, :, WIDTH // 4 - 1 : WIDTH // 4 + 1].mean(2)
    torch.testing.assert_close(middle[:, top], torch.tensor([0.2 * WIDTH, 0.6 * HEIGHT]), atol=1.0, rtol=0)
    torch.testing.assert_close(middle[:, bottom], torch.tensor([0.5 * WIDTH, 0.65 * HEIGHT]), atol=1.0, rtol=0)
    across = box[0, :, top + 22, WIDTH // 2 - 1] - box[0, :, top + 22, 0]
    along = middle[:, bottom] - middle[:, top]
    assert abs(float(across @ along)) < 0.05 * float(across.norm() * along.norm())  # at right angles, in pixels
    assert float(across.norm() / along.norm()) == pytest.approx(0.5, abs=0.03)


def test_the_body_of_one_who_stands_is_not_turned_over() -> None:
    box = pose_box(coordinates(), points(STANDING))
    torso = box[0, :, : round(HEIGHT * 0.45), WIDTH // 4 : WIDTH - WIDTH // 4]
    assert torch.all(torso[0].diff(dim=1) > 0)
    assert torch.all(torso[1].diff(dim=0) > 0)


def test_a_part_with_an_invisible_joint_is_empty_and_the_others_are_as_they_were() -> None:
    whole = pose_box(coordinates(), points(STANDING))
    without = pose_box(coordinates(), points({name: at for name, at in STANDING.items() if name != "right_wrist"}))
    changed = (whole != without).any(1)[0]
    forearm = changed[36:72, : WIDTH // 4]
    assert forearm.float().mean() > 0.95
    assert int(changed.sum()) == int(forearm.sum())
    assert not without[0, :, 36:72, : WIDTH // 4].any()


def test_a_mirrored_person_has_a_mirrored_box() -> None:
    image = torch.rand(1, 3, HEIGHT, WIDTH)
    there = points(STANDING)
    mirrored = there[:, list(FLIP)] * torch.tensor([-1.0, 1, 1]) + torch.tensor([1.0, 0, 0])
    mirrored[there[:, list(FLIP), 2] == 0] = 0
    torch.testing.assert_close(pose_box(image.flip(3), mirrored), pose_box(image, there).flip(3), atol=1e-4, rtol=1e-4)


def test_nobody_is_an_empty_batch() -> None:
    assert pose_box(torch.zeros(0, 3, HEIGHT, WIDTH), torch.zeros(0, len(JOINTS), 3)).shape == (0, 3, HEIGHT, WIDTH)


def test_three_features_and_every_parameter_learns() -> None:
    torch.manual_seed(0)
    system = Djl(PIE, classes=5)
    images, keypoints = people_to_see(4, (144, 56))
    outputs = system(Inputs(images, keypoints))
    width = 32
    assert {name: value.shape[1] for name, value in outputs.features.items()} == {
        "global": width,
        "local": width + len(JOINTS_USED),
        "hybrid": 2 * width + len(JOINTS_USED),
    }
    sum(logits.square().sum() + logits.sum() for logits in outputs.logits.values()).backward()
    assert [name for name, p in system.named_parameters() if p.grad is None or not p.grad.any()] == []
    assert system.eval().embed(Inputs(images, keypoints)).shape == (4, 2 * width + len(JOINTS_USED))
    assert (system.part_weights(), system.windows(Inputs(images, keypoints))) == ({}, None)


def test_the_pose_box_stands_in_the_modules_place() -> None:
    with pytest.raises(ValidationError, match="in the place of the modules"):
        DjlConfig(pose_box=True)
