"""Data sets of three kinds as one: exact maps, Market's key points, LSP's joints."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from training.augment.view import UNKNOWN_PART
from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.iuv.opening import IuvData, open_iuv_data
from training.data.posed.lsp import LSP_JOINTS, held_out

STANDING = {
    "head_top": (0.5, 0.05), "neck": (0.5, 0.2),
    "right_shoulder": (0.35, 0.22), "right_elbow": (0.3, 0.36), "right_wrist": (0.28, 0.48),
    "left_shoulder": (0.65, 0.22), "left_elbow": (0.7, 0.36), "left_wrist": (0.72, 0.48),
    "right_hip": (0.42, 0.52), "right_knee": (0.41, 0.72), "right_ankle": (0.4, 0.92),
    "left_hip": (0.58, 0.52), "left_knee": (0.59, 0.72), "left_ankle": (0.6, 0.92),
}  # fmt: skip
PLAIN = AugmentConfig(flip=0)


def draw(path: Path, size_wh: tuple[int, int] = (64, 128)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(str(path)))
    Image.fromarray(rng.integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)).save(path)


@pytest.fixture
def exact(tmp_path: Path) -> Path:
    """Two crops to learn from and two held out, with maps: part 2 in the middle."""
    folder = tmp_path / "made-up"
    for part, name in (
        ("bounding_box_train", "0001_c1s1_000001_01"),
        ("bounding_box_train", "0002_c1s1_000002_01"),
        ("query", "0003_c1s1_000003_01"),
        ("bounding_box_test", "0003_c2s1_000004_01"),
    ):
        draw(folder / part / f"{name}.jpg", (40, 90))
        iuv = np.zeros((90, 40, 3), np.uint8)
        iuv[30:60, 10:30] = (2, 200, 100)
        (folder / "iuv").mkdir(exist_ok=True)
        Image.fromarray(iuv).save(folder / "iuv" / f"{name}.png")
    return folder


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """Three crops, two of which have key points of a standing person."""
    folder = tmp_path / "market"
    names = ["0001_c1s1_000001_01", "0001_c2s1_000001_01", "0002_c2s1_000001_01"]
    for name in names:
        draw(folder / "bounding_box_train" / f"{name}.jpg")
    for empty in ("query", "bounding_box_test"):
        (folder / empty).mkdir()
    xy = np.zeros((2, 14, 2), np.float32)
    xy[:] = [np.array(STANDING[joint]) * (64, 128) for joint in JOINTS[:14]]
    np.savez(folder / "keypoints.npz", name=np.array(names[:2]), xy=xy)
    return folder


@pytest.fixture
def pose(tmp_path: Path) -> Path:
    """Twelve crops in the order of LSP's joints."""
    folder = tmp_path / "pose"
    names = [f"{number:05d}" for number in range(12)]
    for name in names:
        draw(folder / "crops" / f"{name}.jpg", (60, 120))
    xy = np.array([[np.array(STANDING[joint]) * (60, 120) for joint in LSP_JOINTS]] * len(names), np.float32)
    np.savez(folder / "joints.npz", name=np.array([f"{name}.jpg" for name in names]), xy=xy)
    return folder


def opened(*paths: Path, repeats: int = 1, augment: AugmentConfig = PLAIN) -> IuvData:
    config = DataConfig(path=paths[0], also=paths[1:])
    return open_iuv_data(config, size_hw=(32, 16), augment=augment, exact_repeats=repeats)


def test_sets_are_joined_and_exact_ones_go_by_more_often(exact: Path, market: Path, pose: Path) -> None:
    data = opened(exact, market, pose, repeats=3)
    learnt = sum(not held_out(f"{number:05d}") for number in range(12))
    assert len(data.training) == 3 * 2 + 2 + learnt
    assert len(data.held_out) == 2
    batch = data.training.batch(np.array([0, 6, len(data.training) - 1]), seed=0, epoch=0)
    assert batch.inputs.images.shape == (3, 3, 32, 16)
    iuv = batch.targets.iuv
    assert iuv is not None
    assert set(iuv[0, ..., 0].unique().tolist()) == {0, 2}
    for fitted in iuv[1:]:
        parts = set(fitted[..., 0].unique().tolist())
        assert {0, 2, UNKNOWN_PART} <= parts
        assert (fitted[..., 0] == 2).sum() > (fitted[..., 0] == 1).sum()  # it faces the camera: its front is seen


def test_the_flip_of_a_batch_takes_its_maps_along(market: Path) -> None:
    straight, flipped = (opened(market, augment=AugmentConfig(flip=flip)).training for flip in (0.0, 1.0))
    one, other = (each.batch(np.array([0]), seed=0, epoch=0) for each in (straight, flipped))
    assert (one.inputs.images.flip(3) == other.inputs.images).all()
    assert one.targets.iuv is not None and other.targets.iuv is not None  # noqa: PT018 for the type checker
    assert ((one.targets.iuv[..., 0] == 0).flip(2) == (other.targets.iuv[..., 0] == 0)).all()
    right, left = 18, 17  # the fronts of the upper arms
    assert ((one.targets.iuv[..., 0] == right).flip(2) == (other.targets.iuv[..., 0] == left)).all()
    assert (one.targets.iuv[..., 0] == right).any()


def test_the_fingerprint_tells_maps_apart(exact: Path, tmp_path: Path) -> None:
    before = opened(exact).training.fingerprint
    copy = tmp_path / "copy"
    shutil.copytree(exact, copy)
    assert opened(copy).training.fingerprint == before
    path = next((copy / "iuv").glob("0001*.png"))
    iuv = np.array(Image.open(path))
    iuv[0, 0] = (1, 0, 0)
    Image.fromarray(iuv).save(path)
    assert opened(copy).training.fingerprint != before


def test_a_missing_map_is_named(exact: Path) -> None:
    (exact / "iuv" / "0002_c1s1_000002_01.png").unlink()
    with pytest.raises(ConfigurationError, match=r"0002_c1s1_000002_01\.png: expected the map"):
        opened(exact)


def test_an_id_that_is_no_part_is_named(exact: Path) -> None:
    Image.fromarray(np.full((90, 40, 3), 25, np.uint8)).save(exact / "iuv" / "0002_c1s1_000002_01.png")
    with pytest.raises(ConfigurationError, match="part ids up to 24, got 25"):
        opened(exact)


def test_a_set_of_which_nothing_is_known_is_refused(market: Path) -> None:
    (market / "keypoints.npz").unlink()
    with pytest.raises(ConfigurationError, match=r"there is no keypoints\.npz"):
        opened(market)
