"""Key points for pictures without: found, kept in the file that evaluation and training read, nothing lost in silence."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.keypoints_model import write_keypoints_model
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import ConfigurationError
from sightline.evaluation.poses.finding import pictures_in
from sightline.keypoint_table import read_keypoints
from sightline.skeleton import JOINTS

SAYS = np.concatenate([np.arange(38).reshape(19, 2) / 2, np.linspace(0.1, 1, 19)[:, None]], axis=1)


def jpeg(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (width, height, 90)).save(file, "JPEG")
    return file.getvalue()


PICTURES = {"query/0001_c1s1_01.jpg": jpeg(32, 64), "bounding_box_test/0001_c2s1_02.jpg": jpeg(16, 32)}


@pytest.fixture(params=["folder", "tar", "zip"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"people.{request.param}"
    if request.param == "folder":
        for name, content in PICTURES.items():
            (path / name).parent.mkdir(parents=True)
            (path / name).write_bytes(content)
    elif request.param == "tar":
        with tarfile.open(path, "w") as tar:
            for name, content in PICTURES.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in PICTURES.items():
                archive.writestr(name, content)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_keypoints_model(tmp_path / "keypoints", SAYS, size_hw=(64, 32))


def test_what_is_found_is_read_as_other_key_points_are(source: Path, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "keypoints.npz"
    result = CliRunner().invoke(app, ["find-joints", str(source), str(file), "--model", str(model), "--threads", "1"])
    assert result.exit_code == 0, result.output
    assert "Joints of 2 people" in result.stdout
    found = read_keypoints(file)
    assert not found.of(["nobody"], [(32, 64)]).any()
    for name, size_wh in (("0001_c1s1_01", (32, 64)), ("0001_c2s1_02", (16, 32))):
        np.testing.assert_allclose(found.of([name], [size_wh])[0], SAYS / [32, 64, 1], atol=1e-5)
    with np.load(file) as arrays:
        assert tuple(arrays["joints"]) == JOINTS
        assert str(arrays["model"]).startswith("keypoints ")


def test_a_picture_that_cannot_be_read_is_named_and_the_others_are_kept(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "good.jpg").write_bytes(jpeg(32, 64))
    (folder / "cut.jpg").write_bytes(jpeg(32, 64)[:200])
    file = tmp_path / "keypoints.npz"
    result = CliRunner().invoke(app, ["find-joints", str(folder), str(file), "--model", str(model), "--threads", "1"])
    assert result.exit_code == 1
    assert "cut.jpg" in result.stderr
    assert "1 of 2 pictures" in result.stderr
    assert set(read_keypoints(file).rows) == {"good"}


def test_a_copy_is_one_picture_and_another_of_the_same_name_is_refused(tmp_path: Path) -> None:
    for name, size in (("query/a.jpg", 32), ("gt_bbox/a.jpg", 32)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(jpeg(size, 64))
    (tmp_path / "query/._a.jpg").write_bytes(b"of a foreign archive")
    assert pictures_in(tmp_path) == [tmp_path / "gt_bbox/a.jpg"]
    (tmp_path / "query/a.jpg").write_bytes(jpeg(16, 64))
    with pytest.raises(ConfigurationError, match="have one name"):
        pictures_in(tmp_path)


def test_where_there_are_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there are no pictures"):
        pictures_in(tmp_path)


def test_what_cannot_be_done_is_said_before_the_work(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(32, 64))
    (tmp_path / "broken.tar").write_text("text")
    nowhere = CliRunner().invoke(app, ["find-joints", str(tmp_path), str(tmp_path / "none" / "k.npz"), "--model", str(model)])
    assert nowhere.exit_code == 2
    assert "there is no folder" in " ".join(nowhere.stderr.split())
    broken = CliRunner().invoke(
        app, ["find-joints", str(tmp_path / "broken.tar"), str(tmp_path / "k.npz"), "--model", str(model)]
    )
    assert isinstance(broken.exception, ConfigurationError)
    assert not (tmp_path / "k.npz").exists()
