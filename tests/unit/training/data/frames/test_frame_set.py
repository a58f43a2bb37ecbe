"""What a detector learns from: batches that are decided by seed, epoch and index alone."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from support.labelled_frames import write_detection_set

from sightline.errors import ConfigurationError, InputError
from sightline.evaluation.detection.frames import LabelledFrame
from training.augment.frames.augmentation import FrameAugmentation
from training.augment.frames.config import FrameAugmentConfig
from training.data.config import DataConfig
from training.data.frames.opening import open_frames
from training.data.frames.stored import StoredFrame
from training.data.frames.training_set import FrameSet


def frame_set(folder: Path, **more: int) -> FrameSet:
    opened = open_frames(DataConfig(path=folder))
    return FrameSet(opened.train, FrameAugmentation(FrameAugmentConfig()), lambda epoch: (64 + 32 * epoch, 96), **more)


def test_a_batch_of_empty_frames_has_no_boxes(tmp_path: Path) -> None:
    data = frame_set(write_detection_set(tmp_path / "set", train=1))
    batch = data.batch(np.array([0, 0]), seed=0, epoch=0)
    assert batch.targets.boxes is not None
    assert batch.targets.boxes.shape == (2, 0, 4)
    assert batch.inputs.images.shape == (2, 3, 64, 96)


def test_a_batch_holds_boxes_in_pixels_filled_up_with_zeros(tmp_path: Path) -> None:
    data = frame_set(write_detection_set(tmp_path / "set"))
    batch = data.batch(np.arange(8), seed=0, epoch=0)
    boxes = batch.targets.boxes
    assert boxes is not None
    assert boxes.dtype == torch.float32
    used = (boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1])
    assert not boxes[~used].any()
    assert 4 < used.sum() < boxes[..., 0].numel()
    assert boxes[used].min() >= 0
    assert boxes[used][:, 2].max() <= 96
    assert data.facts.classes == 1
    assert data.classes.tolist() == [0] * 8


def test_seed_epoch_and_index_decide_everything(tmp_path: Path) -> None:
    folder = write_detection_set(tmp_path / "set")
    one, many = frame_set(folder), frame_set(folder, threads=3, ahead=2)
    wanted = [np.array([3, 5, 3]), np.array([1, 2, 4])]
    alone = [one.batch(each, seed=7, epoch=1) for each in wanted]
    for left, right in zip(alone, many.batches(iter(wanted), seed=7, epoch=1), strict=True):
        assert torch.equal(left.inputs.images, right.inputs.images)
        assert left.targets.boxes is not None
        assert right.targets.boxes is not None
        assert torch.equal(left.targets.boxes, right.targets.boxes)
    assert not torch.equal(alone[0].inputs.images[0], alone[0].inputs.images[2]), "a frame that comes twice looks different"
    assert not torch.equal(alone[0].inputs.images, one.batch(wanted[0], seed=8, epoch=1).inputs.images)


def test_the_epoch_decides_the_size(tmp_path: Path) -> None:
    data = frame_set(write_detection_set(tmp_path / "set"))
    assert [data.batch(np.array([1]), seed=0, epoch=epoch).inputs.images.shape[2] for epoch in (0, 1, 2)] == [64, 96, 128]


def test_several_sets_are_learnt_from_and_the_first_one_judges(tmp_path: Path) -> None:
    first, second = write_detection_set(tmp_path / "a"), write_detection_set(tmp_path / "b", train=3, val=2, seed=1)
    opened = open_frames(DataConfig(path=first, also=(second,)))
    assert (len(opened.train), len(opened.val)) == (11, 4)
    assert opened.train[-1].frame.path.parent.parent.name == "b"


def test_archives_are_unpacked_once(tmp_path: Path) -> None:
    folder = write_detection_set(tmp_path / "frames")
    with tarfile.open(tmp_path / "frames.tar", "w") as tar:
        tar.add(folder, "frames")
    opened = open_frames(DataConfig(path=tmp_path / "frames.tar", cache=tmp_path / "cache"))
    assert len(opened.train) == 8
    assert opened.train[0].frame.path.is_relative_to(tmp_path / "cache")


def test_the_fingerprint_is_of_frames_and_boxes(tmp_path: Path) -> None:
    folder = write_detection_set(tmp_path / "set")
    before = frame_set(folder).fingerprint
    assert frame_set(folder).fingerprint == before
    table = folder / "boxes.csv"
    table.write_text(table.read_text().replace("train_1.png,0.", "train_1.png,0.0", 1))
    assert frame_set(folder).fingerprint != before


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no data set"):
        open_frames(DataConfig(path=tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="has no frame to learn from"):
        open_frames(DataConfig(path=write_detection_set(tmp_path / "set", train=0)))
    gone = StoredFrame(LabelledFrame(tmp_path / "1.jpg", np.zeros((0, 4), np.float32)), b"\xff\xd8\xff broken")
    with pytest.raises(InputError, match=r"1\.jpg"):
        gone.view()
