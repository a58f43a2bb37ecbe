"""Pictures to features: batches, mirrors, key points, and pictures that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.labelled_people import HEIGHT, PEOPLE, WIDTH, write_embedder, write_people

from sightline.decoding import ImageLimits
from sightline.errors import ConfigurationError
from sightline.evaluation.embedder_file import LoadedEmbedder, load_embedder
from sightline.evaluation.embedding import PictureEmbedder
from sightline.evaluation.market_layout import LabelledFolder, read_market_layout
from sightline.keypoint_table import KeypointTable
from sightline.settings import load_settings
from sightline.skeleton import JOINTS

LIMITS = ImageLimits(10**6, 10**6, 10**4)


@pytest.fixture
def people(tmp_path: Path) -> LabelledFolder:
    return read_market_layout(write_people(tmp_path / "people"))


def loaded(tmp_path: Path, joints: int = 0) -> LoadedEmbedder:
    path = write_embedder(tmp_path / f"net{joints}.onnx", joints=joints)
    return load_embedder(str(path), load_settings(local={"state_dir": tmp_path / "state"}), threads=1)


def ignore(_done: int) -> None:
    """Nobody watches."""


def test_features_are_the_models_at_length_one(tmp_path: Path, people: LabelledFolder) -> None:
    embedded = PictureEmbedder(loaded(tmp_path), LIMITS).embed(people.query, ignore)

    expected = np.array([[*PEOPLE[picture.pid], 40, 40, 40] for picture in people.query], float)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(embedded.features, expected, atol=0.02)
    assert embedded.features.dtype == np.float32


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_batches_change_nothing(tmp_path: Path, people: LabelledFolder, batch_size: int) -> None:
    told: list[int] = []
    whole = PictureEmbedder(loaded(tmp_path), LIMITS).embed(people.gallery, ignore)
    batches = PictureEmbedder(loaded(tmp_path), LIMITS, batch_size=batch_size).embed(people.gallery, told.append)

    np.testing.assert_allclose(batches.features, whole.features, atol=1e-6)
    assert sum(told) == len(people.gallery)
    assert max(told) <= batch_size


def test_no_pictures(tmp_path: Path) -> None:
    assert PictureEmbedder(loaded(tmp_path), LIMITS).embed((), ignore).features.shape == (0, 6)


def test_corrupt_pictures_are_counted_and_named(tmp_path: Path, people: LabelledFolder) -> None:
    for picture in people.gallery[3:8]:
        picture.path.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(ConfigurationError) as caught:
        PictureEmbedder(loaded(tmp_path), LIMITS, batch_size=2).embed(people.gallery, ignore)

    assert str(caught.value).startswith("5 of the pictures cannot be read")
    assert people.gallery[3].path.name in str(caught.value)
    assert "2 more" in str(caught.value)
    assert "--skip-corrupt" in str(caught.value)


def test_corrupt_pictures_are_left_out_if_asked(tmp_path: Path, people: LabelledFolder) -> None:
    whole = PictureEmbedder(loaded(tmp_path), LIMITS).embed(people.gallery, ignore)
    people.gallery[3].path.write_bytes(b"")
    embedded = PictureEmbedder(loaded(tmp_path), LIMITS, skip_corrupt=True).embed(people.gallery, ignore)

    left = [picture for picture in people.gallery if picture != people.gallery[3]]
    assert list(embedded.rows) == left
    np.testing.assert_allclose(embedded.features, whole.of(left)[1], atol=1e-6)
    assert [item.picture for item in embedded.corrupt] == [people.gallery[3]]
    assert embedded.of([people.gallery[3]])[0] == ()


def joints_of(people: LabelledFolder, names: dict[str, list[float]]) -> KeypointTable:
    """Key points of each query: the named joints, all others unseen."""
    joints = np.zeros((len(people.query), len(JOINTS), 3), np.float32)
    for name, values in names.items():
        joints[:, JOINTS.index(name)] = values
    rows = {picture.name: row for row, picture in enumerate(people.query)}
    return KeypointTable(rows, joints, in_pixels=True)


def test_key_points_reach_the_model(tmp_path: Path, people: LabelledFolder) -> None:
    keypoints = joints_of(people, {"nose": [WIDTH / 4, HEIGHT / 2, 0.9]})
    embedded = PictureEmbedder(loaded(tmp_path, 19), LIMITS, keypoints=keypoints).embed(people.query, ignore)

    nose = 6 + 3 * JOINTS.index("nose")
    x, y, confidence = embedded.features[:, nose : nose + 3].T
    np.testing.assert_allclose(y / x, 2, rtol=1e-4)
    np.testing.assert_allclose(confidence / x, 3.6, rtol=1e-4)
    assert embedded.without_keypoints == 0


def test_flip_adds_the_mirrored_picture_and_its_key_points(tmp_path: Path, people: LabelledFolder) -> None:
    keypoints = joints_of(people, {"left_knee": [WIDTH / 4, HEIGHT / 2, 1]})
    embedded = PictureEmbedder(loaded(tmp_path, 19), LIMITS, flip=True, keypoints=keypoints).embed(people.query, ignore)

    left, right = (6 + 3 * JOINTS.index(f"{side}_knee") for side in ("left", "right"))
    np.testing.assert_allclose(embedded.features[:, right] / embedded.features[:, left], 3, rtol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(embedded.features, axis=1), 1, atol=1e-6)


def test_pictures_without_key_points_are_counted(tmp_path: Path, people: LabelledFolder) -> None:
    keypoints = joints_of(people, {"nose": [1, 1, 1]})
    embedded = PictureEmbedder(loaded(tmp_path, 19), LIMITS, keypoints=keypoints).embed(
        [*people.query, *people.gallery], ignore
    )

    assert embedded.without_keypoints == len(people.gallery)


def test_a_model_that_takes_key_points_needs_them(tmp_path: Path) -> None:
    model: Any = loaded(tmp_path, 19)
    with pytest.raises(ValueError, match="reid_net19"):
        PictureEmbedder(model, LIMITS)
