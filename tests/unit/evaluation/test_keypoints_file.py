"""Key points from a file, brought to what a model takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.errors import ConfigurationError
from sightline.evaluation.keypoints_file import find_keypoints, for_model, mirrored, read_keypoints
from sightline.skeleton import JOINTS
from sightline.spec import CropRule, ModelSpec, TensorSpec

NOSE, RIGHT_KNEE, LEFT_KNEE = JOINTS.index("nose"), JOINTS.index("right_knee"), JOINTS.index("left_knee")


def spec(joints: tuple[str, ...] = (), *, count: int | None = None, fit: Any = "stretch") -> ModelSpec:
    number = count or len(joints) or len(JOINTS)
    return ModelSpec(
        name="reid_pose",
        kind="embedder",
        inputs=(
            TensorSpec(name="crop", dtype="uint8", shape=(-1, 200, 100, 3)),
            TensorSpec(name="keypoints", dtype="float32", shape=(-1, number, 3)),
        ),
        outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, 4)),),
        crop=CropRule(size_hw=(200, 100), fit=fit),
        joints=joints,
        sha256="0" * 64,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two pictures, three joints; the second joint of the first picture was not seen."""
    xy = np.array([[[10, 20], [0, 0], [30, 60]], [[1, 2], [3, 4], [5, 6]]], np.float32)
    np.savez(tmp_path / "keypoints.npz", name=["a.jpg", "b"], xy=xy, joints=["nose", "right_knee", "left_knee"])
    return tmp_path / "keypoints.npz"


def test_joints_go_to_their_places(file: Path) -> None:
    keypoints = read_keypoints(file)

    joints = keypoints.of("a")
    assert joints is not None
    assert joints[NOSE].tolist() == [10, 20, 1]
    assert joints[RIGHT_KNEE].tolist() == [0, 0, 0]
    assert joints[LEFT_KNEE].tolist() == [30, 60, 1]
    assert not joints[JOINTS.index("neck")].any()
    assert keypoints.of("c") is None


def test_without_names_they_are_the_first_fourteen(tmp_path: Path) -> None:
    xy = np.arange(28, dtype=np.float32).reshape(1, 14, 2) + 1
    confidence = np.full((1, 14), 0.5, np.float32)
    confidence[0, 3] = 0
    np.savez(tmp_path / "k.npz", name=["a"], xy=xy, confidence=confidence)

    joints = read_keypoints(tmp_path / "k.npz").of("a")

    assert joints is not None
    assert joints[0].tolist() == [1, 2, 0.5]
    assert joints[13].tolist() == [27, 28, 0.5]
    assert not joints[3].any()
    assert not joints[14:].any()


def test_stretched_they_are_parts_of_the_picture(file: Path) -> None:
    joints = read_keypoints(file).of("a")
    assert joints is not None
    assert for_model(joints, (40, 80), spec(("left_knee", "nose"))).tolist() == [[0.75, 0.75, 1], [0.25, 0.25, 1]]
    assert for_model(joints, (40, 80), spec()).shape == (19, 3)


def test_letterboxed_they_are_parts_of_the_canvas(file: Path) -> None:
    """80 x 80 on a canvas of 100 x 200: scaled by 1.25, so that the canvas shows 80 x 160 pixels."""
    joints = read_keypoints(file).of("a")
    assert joints is not None
    [nose] = for_model(joints, (80, 80), spec(("nose",), fit="letterbox"))
    np.testing.assert_allclose(nose, [10 / 80, 20 / 160, 1])


def test_mirrored_twice_is_as_before(file: Path) -> None:
    joints = read_keypoints(file).of("a")
    assert joints is not None
    taken = for_model(joints, (40, 80), spec())[None]
    flipped = mirrored(taken, spec())

    assert flipped[0, RIGHT_KNEE].tolist() == [0.25, 0.75, 1]
    assert not flipped[0, LEFT_KNEE].any()
    np.testing.assert_allclose(mirrored(flipped, spec()), taken, atol=1e-6)


def test_where_the_file_is_looked_for(file: Path) -> None:
    (file.parent / "people").mkdir()

    assert find_keypoints([file.parent]) == file
    assert find_keypoints([file.parent / "people"]) == file.resolve()
    assert find_keypoints([file.parent / "people" / "query"]) is None
    assert find_keypoints([file.parent / "people" / "query", file.parent]) == file


@pytest.mark.parametrize(
    ("arrays", "word"),
    [
        ({"names": ["a"]}, "names"),
        ({"name": ["a"], "xy": np.zeros((1, 13, 2))}, r"\(1, 14, 2\)"),
        ({"name": ["a"], "xy": np.zeros((1, 14, 2)), "confidence": np.zeros((1, 13))}, "confidence"),
        ({"name": ["a"], "xy": np.zeros((1, 1, 2)), "joints": ["tail"]}, "tail"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, arrays: dict[str, Any], word: str) -> None:
    np.savez(tmp_path / "k.npz", **arrays)
    with pytest.raises(ConfigurationError, match=word):
        read_keypoints(tmp_path / "k.npz")


def test_what_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file of key points"):
        read_keypoints(tmp_path / "none.npz")
    for content in (b"hello", b"PK\x03\x04broken", b""):
        (tmp_path / "broken.npz").write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"broken\.npz is not"):
            read_keypoints(tmp_path / "broken.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ConfigurationError, match="is not an"):
        read_keypoints(tmp_path / "one.npy")


def test_a_model_must_name_its_joints() -> None:
    with pytest.raises(ConfigurationError, match="10 key points"):
        for_model(np.zeros((19, 3), np.float32), (10, 20), spec(count=10))
