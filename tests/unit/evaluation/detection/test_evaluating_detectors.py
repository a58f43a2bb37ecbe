"""A detector's evaluation from file to figures, and ``sightline evaluate`` on frames."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from support.labelled_frames import write_detection_set
from typer.testing import CliRunner

from sightline.cli.app import app
from sightline.decoding import ImageLimits
from sightline.errors import ConfigurationError
from sightline.evaluation.detection.detector_file import load_detector
from sightline.evaluation.detection.layouts import read_detection_set
from sightline.evaluation.detection.running import evaluate_detector
from sightline.models.adding import install_model
from sightline.models.repository import ModelRepository
from sightline.settings import Settings
from sightline.spec import ModelSpec, TensorSpec

SIDE = 96
LIMITS = ImageLimits(max_bytes=2**20, max_pixels=10**6, max_side=4_000)


def blind_net(boxes: np.ndarray) -> bytes:
    """A net that says the same of every picture: these boxes (K, 4), with falling scores."""
    rows = np.zeros((100, 4), np.float32)
    rows[: len(boxes)] = boxes
    scores = np.zeros(100, np.float32)
    scores[: len(boxes)] = np.linspace(0.9, 0.5, len(boxes))
    nodes = [
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["count"], axis=0),
        *(helper.make_node("Concat", ["count", f"{name}_rest"], [f"{name}_shape"], axis=0) for name in ("boxes", "scores")),
        *(helper.make_node("Expand", [f"{name}_row", f"{name}_shape"], [name]) for name in ("boxes", "scores")),
    ]
    constants = [
        numpy_helper.from_array(np.array([0], np.int64), "first"),
        numpy_helper.from_array(np.array([100, 4], np.int64), "boxes_rest"),
        numpy_helper.from_array(np.array([100], np.int64), "scores_rest"),
        numpy_helper.from_array(rows[None], "boxes_row"),
        numpy_helper.from_array(scores[None], "scores_row"),
    ]
    graph = helper.make_graph(
        nodes,
        "blind",
        [helper.make_tensor_value_info("image", onnx.TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("boxes", onnx.TensorProto.FLOAT, ["N", 100, 4]),
            helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["N", 100]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def installed(repository: Path, boxes: np.ndarray) -> Path:
    """The model ``person_detector`` there; its ONNX file."""
    content = blind_net(boxes)
    spec = ModelSpec(
        name="person_detector",
        kind="detector",
        inputs=(TensorSpec(name="image", dtype="uint8", shape=(-1, SIDE, SIDE, 3)),),
        outputs=(
            TensorSpec(name="boxes", dtype="float32", shape=(-1, 100, 4)),
            TensorSpec(name="scores", dtype="float32", shape=(-1, 100)),
        ),
        class_names=("person",),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return install_model(ModelRepository([repository]), spec, content)[0].onnx


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """A set whose frames for validation show one person at the same place, and nobody."""
    folder = write_detection_set(tmp_path / "set", val=3)
    table = folder / "boxes.csv"
    kept = [line for line in table.read_text().splitlines() if not line.startswith("val,")]
    box = "0.3125,0.5,0.375,0.75"  # 12, 8, 48, 56 of 96 x 64
    table.write_text("\n".join([*kept, "val,val_0.png,,,,", f"val,val_1.png,{box}", f"val,val_2.png,{box}"]) + "\n")
    return folder


def test_figures_are_of_boxes_in_pixels_of_the_frames(tmp_path: Path, truth: Path) -> None:
    file = installed(tmp_path / "models", np.array([[12, 8, 48, 56], [60, 8, 80, 50]], np.float32))
    detector = load_detector(str(file), Settings(), threads=1)
    frames = read_detection_set(truth)
    report = evaluate_detector(detector, frames.name, frames.val, limits=LIMITS)
    # In the frame of nobody, which comes first, the first box is wrong, with as good a score: precision 1/2, then 2/3.
    assert (report.figures.frames, report.figures.people) == (3, 2)
    assert report.figures.ap50 == report.figures.ap == pytest.approx(2 / 3)
    assert json.loads(report.to_json())["model"] == "person_detector"


def test_the_command_prints_a_table_or_a_document(tmp_path: Path, truth: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    file = installed(tmp_path / "models", np.array([[12, 8, 48, 56]], np.float32))
    run = CliRunner().invoke(app, ["evaluate", "--model", str(file), "--data", str(truth), "--json"])
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    assert (document["data"], document["people"]) == ("set", 2)
    assert document["ap50"] == pytest.approx(2 / 3)
    table = CliRunner().invoke(app, ["evaluate", "--model", str(file), "--data", str(truth)])
    assert table.stdout.splitlines()[1].split()[:3] == ["person_detector", "66.7", "66.7"]
    wrong = CliRunner().invoke(app, ["evaluate", "--model", str(file), "--data", str(truth), "--rerank"])
    assert wrong.exit_code == 2


def test_faults_are_named(tmp_path: Path, truth: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    with pytest.raises(ConfigurationError, match=r"there is no file .*nowhere\.onnx"):
        load_detector(str(tmp_path / "nowhere.onnx"), Settings(), threads=1)
    with pytest.raises(ConfigurationError, match=r"there is no model 'nobody'.*or name an ONNX file"):
        load_detector("nobody", Settings(), threads=1)
    detector = load_detector(str(installed(tmp_path / "models", np.zeros((0, 4)))), Settings(), threads=1)
    frames = read_detection_set(truth).val
    with pytest.raises(ConfigurationError, match="no frame with people"):
        evaluate_detector(detector, "set", frames[:1], limits=LIMITS)
    frames[1].path.write_bytes(b"broken")
    with pytest.raises(ConfigurationError, match=r"val_1\.png cannot be read"):
        evaluate_detector(detector, "set", frames, limits=LIMITS)
