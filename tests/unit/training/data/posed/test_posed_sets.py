"""Sets of people with joints: of several skeletons, opened, split and joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS, indices
from training.augment.pipeline import training_pipeline
from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.posed.lsp import LSP_JOINTS, held_out
from training.data.posed.opening import open_posed_sets
from training.data.posed.training_set import PosedTrainingSet

SIZE = (64, 32)


def picture(path: Path, size_wh: tuple[int, int] = (32, 64)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)).save(path)


def lsp(folder: Path, count: int = 40) -> Path:
    """Crops in the order of Leeds Sports Pose: joint number k of picture n is at (k, n), pixels."""
    names = [f"{number:05d}.jpg" for number in range(count)]
    for name in names:
        picture(folder / "crops" / name)
    xy = np.stack([np.stack([np.arange(14), np.full(14, number)], axis=1) for number in range(count)]).astype(np.float32)
    np.savez(folder / "joints.npz", name=names, xy=xy)
    return folder


def market(folder: Path, **arrays: object) -> Path:
    names = ["0002_c1s1_000451_03", "0002_c2s1_000776_01", "0003_c1s6_015971_00", "0003_c2s1_000001_01", "0005_c1s1_000001_01"]
    for name, part in zip(
        names, ("bounding_box_train",) * 2 + ("query", "bounding_box_test", "bounding_box_train"), strict=True
    ):
        picture(folder / part / f"{name}.jpg")
    values = {"name": names[:4], "xy": np.full((4, 14, 2), 9, np.float32)} | arrays
    np.savez(folder / "keypoints.npz", **values)
    return folder


def test_lsp_joints_find_their_places_and_a_tenth_is_held_out(tmp_path: Path) -> None:
    [posed] = open_posed_sets(DataConfig(path=lsp(tmp_path / "pose")))
    assert posed.name == "pose"
    assert len(posed.training) + len(posed.held_out) == 40
    assert len(posed.held_out) == sum(held_out(f"{number:05d}") for number in range(40)) > 0
    number = int(posed.training.pictures[3].picture.name)
    for place, name in enumerate(LSP_JOINTS):
        x, y, confidence = posed.training.keypoints[3, JOINTS.index(name)]
        assert (x, y, confidence) == pytest.approx(((place + 0.5) / 32, (number + 0.5) / 64, 1))
    assert posed.annotated.tolist() == [joint in LSP_JOINTS for joint in JOINTS]


def test_who_is_held_out_depends_on_the_name_alone() -> None:
    names = [f"{number:05d}" for number in range(3000)]
    assert 240 < sum(map(held_out, names)) < 360
    assert [name for name in names[:60] if held_out(name)] == [name for name in names[:60] if held_out(name)]
    assert held_out("00008") == held_out("00008")


def test_a_re_identification_set_is_held_out_as_its_authors_do(tmp_path: Path) -> None:
    [posed] = open_posed_sets(DataConfig(path=market(tmp_path / "tiny")))
    assert (len(posed.training), len(posed.held_out)) == (2, 2), "the fifth has no joints"
    assert posed.joints == JOINTS[:14]


def test_a_set_that_names_its_joints_has_those(tmp_path: Path) -> None:
    joints = ("nose", "left_eye", "right_eye", "left_ear")
    arrays = {"xy": np.full((4, 4, 2), 9, np.float32), "joints": joints, "confidence": np.array([[1, 0.5, 0, 1]] * 4)}
    [posed] = open_posed_sets(DataConfig(path=market(tmp_path / "tiny", **arrays)))
    assert {JOINTS[row] for row in np.flatnonzero(posed.annotated)} == {"nose", "left_eye", "right_eye"}, (
        "of an ear alone nothing could be said of the mirror image"
    )
    assert posed.training.keypoints[0, list(indices(joints)), 2].tolist() == [1, 0.5, 0, 1]


def test_sets_are_joined_and_each_sample_says_what_is_annotated(tmp_path: Path) -> None:
    config = DataConfig(path=market(tmp_path / "tiny"), also=(lsp(tmp_path / "pose"),))
    sets = open_posed_sets(config)
    data = PosedTrainingSet(sets, training_pipeline(AugmentConfig(flip=0.5, rotate=10), SIZE))
    assert len(data) == len(data.classes) == 2 + len(sets[1].training)
    batch = data.batch(np.array([0, 5, 5]), seed=1, epoch=2)
    assert batch.inputs.images.shape == (3, 3, *SIZE)
    assert batch.targets.annotated is not None
    assert batch.targets.annotated.dtype == torch.bool
    assert batch.targets.annotated.sum(1).tolist() == [14, 14, 14]
    assert batch.targets.keypoints is batch.inputs.keypoints
    again = data.batch(np.array([0, 5, 5]), seed=1, epoch=2)
    assert torch.equal(batch.inputs.images, again.inputs.images)
    assert not torch.equal(batch.inputs.keypoints[1], batch.inputs.keypoints[2]), "twice in a batch, drawn twice"
    moved = batch.to(torch.device("cpu"))
    assert torch.equal(moved.targets.annotated, batch.targets.annotated)
    other = PosedTrainingSet(sets[:1], training_pipeline(AugmentConfig(), SIZE))
    assert other.fingerprint != data.fingerprint


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        open_posed_sets(DataConfig(path=tmp_path / "nowhere"))
    bare = market(tmp_path / "bare")
    (bare / "keypoints.npz").unlink()
    with pytest.raises(ConfigurationError, match="key points"):
        open_posed_sets(DataConfig(path=bare))
    with pytest.raises(ConfigurationError, match="same name"):
        open_posed_sets(DataConfig(path=market(tmp_path / "a" / "tiny"), also=(market(tmp_path / "b" / "tiny"),)))
    empty = tmp_path / "empty"
    empty.mkdir()
    np.savez(empty / "joints.npz", name=["a"], xy=np.zeros((1, 14, 2)))
    with pytest.raises(ConfigurationError, match="no pictures"):
        open_posed_sets(DataConfig(path=empty))
