"""From a folder with key points to part images: in training, and at test for the nets that see them there too."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.people import someone

from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.opening import NetInput, open_training_data
from training.data.part_images import part_images

SIZE_HW = (64, 32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four people of two pictures each, two to learn from, in Market-1501's layout, with key points."""
    names = []
    for part, pids, cameras in (
        ("bounding_box_train", (2, 3), (1, 2)),
        ("query", (4, 5), (1,)),
        ("bounding_box_test", (4, 5), (2,)),
    ):
        (tmp_path / part).mkdir()
        for pid in pids:
            for camera in cameras:
                names.append(f"{pid:04}_c{camera}s1_000001_00.jpg")
                pixels = np.random.default_rng(len(names)).integers(0, 256, (*SIZE_HW, 3), np.uint8)
                cv2.imwrite(str(tmp_path / part / names[-1]), pixels)
    xy = np.stack([someone(seed)[:14, :2] * np.array(SIZE_HW[::-1]) for seed in range(len(names))])
    np.savez(tmp_path / "keypoints.npz", name=np.array(names), xy=xy.astype(np.float32))
    return tmp_path


@pytest.mark.parametrize("alignment", ["dense", "coarse"])
def test_training_batches_have_part_images(folder: Path, alignment: str) -> None:
    make = partial(part_images, alignment=alignment)
    opened = open_training_data(DataConfig(path=folder), NetInput(SIZE_HW, AugmentConfig(), part_images=make))
    batch = opened.training.batch(np.arange(4), seed=0, epoch=0)
    assert opened.training.facts.part_images
    assert batch.inputs.part_images.shape == (4, 24, 3, 32, 32)
    assert all(len(parts.unique()) > 3 for parts in batch.inputs.part_images)


def test_part_images_at_test_for_those_who_ask(folder: Path) -> None:
    opened = open_training_data(DataConfig(path=folder), NetInput(SIZE_HW, test_part_images=part_images))
    (inputs,) = opened.evaluation.query.batches()
    assert inputs.part_images.shape == (2, 24, 3, 32, 32)
    plain = open_training_data(DataConfig(path=folder), NetInput(SIZE_HW))
    (without,) = plain.evaluation.query.batches()
    assert without.part_images is None
