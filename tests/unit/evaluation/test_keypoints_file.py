"""Key points from a file, brought to what a model takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.errors import ConfigurationError
from sightline.evaluation.keypoints_file import find_keypoints, for_model, mirrored
from sightline.skeleton import JOINTS
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.types import Float32Array

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
def joints() -> Float32Array:
    """Nose and left knee of a picture; nothing else was seen."""
    found = np.zeros((len(JOINTS), 3), np.float32)
    found[NOSE], found[LEFT_KNEE] = (0.25, 0.25, 1), (0.75, 0.75, 1)
    return found


def test_stretched_they_are_parts_of_the_picture(joints: Float32Array) -> None:
    assert for_model(joints, (40, 80), spec(("left_knee", "nose"))).tolist() == [[0.75, 0.75, 1], [0.25, 0.25, 1]]
    assert for_model(joints, (40, 80), spec()).shape == (19, 3)


def test_letterboxed_they_are_parts_of_the_canvas(joints: Float32Array) -> None:
    """80 x 80 on a canvas of 100 x 200: scaled by 1.25, so that the canvas shows 80 x 160 pixels."""
    [nose] = for_model(joints, (80, 80), spec(("nose",), fit="letterbox"))
    np.testing.assert_allclose(nose, [0.25, 0.125, 1])


def test_mirrored_twice_is_as_before(joints: Float32Array) -> None:
    taken = for_model(joints, (40, 80), spec())[None]
    flipped = mirrored(taken, spec())

    assert flipped[0, RIGHT_KNEE].tolist() == [0.25, 0.75, 1]
    assert not flipped[0, LEFT_KNEE].any()
    np.testing.assert_allclose(mirrored(flipped, spec()), taken, atol=1e-6)


def test_where_the_file_is_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "keypoints.npz"
    file.touch()
    (tmp_path / "people").mkdir()

    assert find_keypoints([tmp_path]) == file
    assert find_keypoints([tmp_path / "people"]) == file.resolve()
    assert find_keypoints([tmp_path / "people" / "query"]) is None
    assert find_keypoints([tmp_path / "people" / "query", tmp_path]) == file


def test_a_model_must_name_its_joints() -> None:
    with pytest.raises(ConfigurationError, match="10 key points"):
        for_model(np.zeros((19, 3), np.float32), (10, 20), spec(count=10))
