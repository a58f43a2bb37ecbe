"""``sightline models`` without a Triton."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import ConfigurationError, ModelError, NotFoundError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run("models", "list")``: stdout of the command, in a state folder of the test's own, without the shipped models."""
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("sightline.settings.tree.PACKAGED_MODELS", tmp_path / "shipped")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, exit_code: int = 0) -> str:
        result = CliRunner().invoke(app, ["models", *map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == exit_code, result.output
        return result.stdout

    return run


def test_from_file_to_repository_and_back(run, nets, tmp_path):
    assert "No models yet" in run("list")
    assert "Added person_detector version 1" in run("add", nets.yolox()).replace("\n", "")
    added = run("add", nets.embedder(), "--kind", "onnx", "--role", "embedder", "--name", "reid_mine", "--terms", "MIT")
    assert "ok  embedding, original and wrapped" in added
    assert (tmp_path / "state" / "models" / "reid_mine" / "1" / "model.onnx").is_file()
    assert "reid_mine" in run("list")

    found = json.loads(run("list", "--json"))["models"]
    assert [model["name"] for model in found] == ["person_detector", "reid_mine"]
    assert found[0]["embedding_space"] is None
    assert found[1]["embedding_space"] == f"reid_mine_v1_6_{found[1]['sha256'][:12]}"
    assert found[1]["terms"] == "MIT"

    checked = run("check")
    assert "person_detector passed" in checked
    assert "here (Triton has not loaded it)" in checked

    assert "Removed reid_mine" in run("remove", "reid_mine")
    assert "reid_mine" not in run("list")


def test_the_same_file_again_changes_nothing(run, nets):
    file = nets.yolox()
    run("add", file)
    assert "Unchanged" in run("add", file)
    assert "version 2" in run("add", file, "--nms-iou", "0.5")


def test_a_check_that_finds_a_difference_is_a_fault(run, nets, monkeypatch):
    run("add", nets.yolox())
    monkeypatch.setattr("sightline.models.comparison.BOX_TOLERANCE_PX", -1.0)
    assert "BAD corners" in run("check", exit_code=1)


def test_one_broken_model_does_not_hide_the_others(run, nets, tmp_path):
    run("add", nets.yolox())
    run("add", nets.embedder(), "--kind", "onnx", "--role", "embedder", "--name", "reid_mine")
    (tmp_path / "state" / "models" / "person_detector" / "1" / "model.onnx").write_bytes(b"other")
    checked = run("check", exit_code=1)
    assert "person_detector broken" in checked
    assert "was changed: expected sha256" in checked.replace("\n", " ")
    assert "reid_mine passed: sha256 as in its spec" in checked


def test_shipped_models_lie_beneath_ones_own(run, nets, tmp_path):
    run("add", nets.yolox(), "--folder", tmp_path / "shipped")
    run("add", nets.embedder(), "--kind", "onnx", "--role", "embedder", "--name", "reid_own")
    detector, embedder = json.loads(run("list", "--json"))["models"]
    assert (detector["name"], detector["shipped"], embedder["shipped"]) == ("person_detector", True, False)
    assert detector["weights_bytes"] == (tmp_path / "shipped" / "person_detector" / "1" / "model.onnx").stat().st_size
    assert "Sightline" in run("list")
    with pytest.raises(ConfigurationError, match="one of your own of its kind goes before it"):
        run("remove", "person_detector")


def test_pictures_of_ones_own(run, nets, pictures, tmp_path):
    import cv2

    folder = tmp_path / "pictures" / "below"
    folder.mkdir(parents=True)
    for index, picture in enumerate(pictures(3)):
        cv2.imwrite(str(folder / f"{index}.png"), picture)
    assert "3 pictures" in run("add", nets.yolox(), "--images", tmp_path / "pictures")
    (folder / "3.jpg").write_bytes(b"no picture")
    with pytest.raises(ConfigurationError, match=r"3\.jpg cannot be read"):
        run("add", nets.yolox(), "--images", tmp_path / "pictures")
    with pytest.raises(ConfigurationError, match="holds no pictures"):
        run("check", "--images", tmp_path / "state" / "models")


def test_faults_are_named(run, nets, tmp_path):
    with pytest.raises(NotFoundError, match="no model 'nope'"):
        run("remove", "nope")
    with pytest.raises(NotFoundError, match="no model 'nope'"):
        run("check", "nope")
    with pytest.raises(ModelError, match="--kind onnx --role"):
        run("add", nets.embedder())
    with pytest.raises(ModelError, match="should match pattern"):
        run("add", nets.yolox(), "--name", "No/Name")
    assert not (tmp_path / "state" / "models").exists()


def test_wrong_usage(run):
    run("add", exit_code=2)
    run("add", "none.onnx", exit_code=2)
    run("add", "x.onnx", "--kind", "tensorflow", exit_code=2)
