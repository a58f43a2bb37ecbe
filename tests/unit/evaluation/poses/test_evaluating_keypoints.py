"""A model of key points, from its file to figures and a sheet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.keypoints_model import write_keypoints_model
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.errors import ConfigurationError
from sightline.evaluation.poses.keypoints_model import keypoints_model, load_keypoints
from sightline.evaluation.poses.running import PosedPicture, evaluate_keypoints
from sightline.evaluation.poses.sheet import skeleton_sheet
from sightline.settings import Settings
from sightline.skeleton import JOINTS

SHOULDER, HIP = JOINTS.index("left_shoulder"), JOINTS.index("right_hip")


def said() -> np.ndarray:
    """What the model says of every crop of 64 x 32: all joints in a line down the middle, the last one hidden."""
    points = np.ones((len(JOINTS), 3), np.float32)
    points[:, 0], points[:, 1] = 16, np.linspace(2, 62, len(JOINTS))
    points[-1, 2] = 0.1
    return points


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_keypoints_model(tmp_path / "models" / "keypoints", said(), size_hw=(64, 32))


def person(size_hw: tuple[int, int] = (128, 128)) -> PosedPicture:
    """Joints where the model says, on a picture twice as high and four times as wide."""
    true = said() * np.array([4, 2, 1], np.float32)
    true[-1, 2] = 0
    return PosedPicture(np.full((*size_hw, 3), 80, np.uint8), true)


def test_places_are_those_of_the_picture(model: Path) -> None:
    loaded = load_keypoints(str(model), Settings(), threads=1)
    found = loaded.find(person().image)
    np.testing.assert_allclose(found[:, :2], person().keypoints[:, :2], atol=1e-3)
    np.testing.assert_allclose(found[:, 2], said()[:, 2])


def test_figures_by_hand(model: Path) -> None:
    loaded = load_keypoints(str(model), Settings(), threads=1)
    wrong = person()
    torso = abs(float(wrong.keypoints[SHOULDER, 1] - wrong.keypoints[HIP, 1]))
    wrong.keypoints[0, 0] += 0.21 * torso
    ticks = iter(np.arange(0, 10, 0.5))
    report = evaluate_keypoints(loaded, "tiny", [person(), wrong], annotated=JOINTS, monotonic=lambda: float(next(ticks)))
    counted = 2 * (len(JOINTS) - 1)
    assert report.pck == pytest.approx((counted - 1) / counted)
    assert report.by_joint["head_top"] == pytest.approx(0.5)
    assert report.seen == pytest.approx(1)
    assert report.ms_per_crop == pytest.approx(500)
    document = json.loads(report.to_json())
    assert document["pictures"] == 2
    assert document["pck_by_joint"]["left_ear"] is None, "it is hidden on both"
    with pytest.raises(ValueError, match="at least one"):
        evaluate_keypoints(loaded, "tiny", [], annotated=JOINTS)


def test_a_sheet_shows_pairs_in_rows() -> None:
    one = person()
    sheet = skeleton_sheet([one.image] * 8, [one.keypoints] * 8, [one.keypoints * 0] * 8)
    assert sheet.shape == (2 * (256 + 6), 6 * (2 * 160 + 6), 3)
    found, true = sheet[:160, :160], sheet[:160, 160:320]
    assert len(np.unique(found.reshape(-1, 3), axis=0)) > len(np.unique(true.reshape(-1, 3), axis=0)), "nothing is true here"


def test_other_models_are_told_apart(model: Path, tmp_path: Path) -> None:
    settings = Settings()
    assert keypoints_model(str(model), settings) is not None
    assert keypoints_model("no_such_model", settings) is None
    other = tmp_path / "other.onnx"
    other.write_bytes(model.read_bytes())
    assert keypoints_model(str(other), settings) is None, "without its spec"
    with pytest.raises(ConfigurationError, match="no model of key points"):
        load_keypoints(str(other), settings, threads=1)


def test_the_command_prints_figures_and_writes_a_sheet(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    data = tmp_path / "pose"
    names = [f"{number:05d}.png" for number in range(40)]
    for name in names:
        (data / "crops").mkdir(parents=True, exist_ok=True)
        Image.fromarray(person().image).save(data / "crops" / name)
    xy = np.tile(person().keypoints[None, :14, :2] - 0.5, (40, 1, 1))
    np.savez(data / "joints.npz", name=names, xy=xy, joints=JOINTS[:14])
    run = ["evaluate", "--model", str(model), "--data", str(data)]
    result = CliRunner().invoke(app, [*run, "--json", "--output", str(tmp_path / "out"), "--pictures", "3"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["pck_torso_0.2"] == 1
    assert Image.open(tmp_path / "out" / "skeletons.png").size[1] == 262
    table = CliRunner().invoke(app, run)
    assert "100.0" in table.output
    assert "right_wrist" in table.output
    refused = CliRunner().invoke(app, [*run, "--rerank"])
    assert refused.exit_code == 2
