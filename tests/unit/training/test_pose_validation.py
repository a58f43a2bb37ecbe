"""A pose net is judged in pixels of each person's own picture, over several sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sightline.skeleton import JOINTS
from training.batch import Inputs
from training.config import AugmentConfig, Precision
from training.data.evaluation_set import EvaluationPart
from training.data.reading import StoredPicture
from training.data.records import Picture
from training.data.samples import Samples
from training.nets.system import Outputs, System
from training.nets.systems.pose_system import PoseSystem
from training.pose_validation import HeldOut, PoseValidation

SIZE = (32, 16)


class Says(PoseSystem):
    """Always the same key points."""

    def __init__(self, keypoints: np.ndarray) -> None:
        super().__init__()
        self._keypoints = torch.from_numpy(keypoints)

    def forward(self, inputs: Inputs) -> Outputs:
        return Outputs()

    def estimate(self, images: Tensor) -> Tensor:
        return self._keypoints.expand(len(images), -1, -1)


def truth() -> np.ndarray:
    """Parts of the picture: the torso goes over half its width and half its height."""
    keypoints = np.zeros((len(JOINTS), 3), np.float32)
    places = {"left_shoulder": (0.25, 0.25), "right_hip": (0.75, 0.75), "neck": (0.5, 0.2), "left_knee": (0.5, 0.9)}
    for name, place in places.items():
        keypoints[JOINTS.index(name)] = (*place, 1)
    keypoints[JOINTS.index("nose")] = (0.5, 0.1, 0)
    return keypoints


def part(size_wh: tuple[int, int], count: int = 3) -> EvaluationPart:
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    stored = [StoredPicture(Picture(Path(f"{number}.jpg"), 1, 1), b"", size_wh, kept=image) for number in range(count)]
    return EvaluationPart(Samples(stored, np.stack([truth()] * count)), AugmentConfig(), SIZE, batch_size=2)


def validation(**sets: EvaluationPart) -> PoseValidation:
    annotated = np.array([joint in ("left_shoulder", "right_hip", "neck", "left_knee", "nose") for joint in JOINTS])
    held_out = {name: HeldOut(each, annotated) for name, each in sets.items()}
    return PoseValidation(held_out, Precision(), torch.device("cpu"))


def test_distances_are_those_of_the_picture_and_not_of_the_crop() -> None:
    """An error of 0.15 of the width: on a narrow picture (torso 50.99 of 20 x 100, 3 pixels) little, on a wide one
    (torso 50.99 of 100 x 20, 15 pixels) too much."""
    said = truth()
    said[JOINTS.index("left_knee"), 0] += 0.15
    said[:, 2] = np.where(truth()[:, 2] > 0, 0.9, 0.2)
    figures = validation(narrow=part((20, 100)), wide=part((100, 20))).measure(Says(said))
    assert figures.main == "pck"
    assert figures.samples == 6
    assert figures.values["pck/narrow"] == pytest.approx(1)
    assert figures.values["pck/wide"] == pytest.approx(3 / 4)
    assert figures.score == pytest.approx((1 + 3 / 4) / 2)
    assert figures.values["seen/wide"] == pytest.approx(1), "the nose is hidden, and less sure"
    assert "pckh/wide" not in figures.values, "no head is known"


def test_a_net_that_finds_no_joints_is_refused() -> None:
    class Other(System):
        def forward(self, inputs: Inputs) -> Outputs:
            return Outputs()

    with pytest.raises(ValueError, match="key points"):
        validation(any=part((20, 40))).measure(Other())
