"""Coarser arithmetic: smaller files, nearly the same embeddings, and a gate that measures what they cost."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from support.training_data import quick_job, write_market
from torch import Tensor, nn

from sightline.errors import ConfigurationError, ModelError
from sightline.models.session import OnnxSession
from sightline.skeleton import JOINTS
from training.data.config import DataConfig
from training.export import exporting
from training.export.exporting import export
from training.export.gate import MeanApDrop
from training.export.gate_data import Crops, GateData, read_gate_data
from training.export.precision import _of_keypoints_alone, to_fp16
from training.export.served_net import crop_hw
from training.job import run_job
from training.recipe import DataFacts
from training.tables.papers import PAPERS
from training.trained import Trained, read_trained
from training.world import World

TELLS_COLOURS = {
    "system.backbone.channels": [16, 16, 32, 32],
    "system.descriptor": 32,
    "system.backbone.instance_norm_up_to": 0,
    "augment.channel_gain": 0.0,
    "augment.erase": 0.0,
}
"""A net that finds the made-up people, who differ by their colour: its ranking does not hang on the last bits."""

FACTS = DataFacts(classes=5, attributes={"hat": 2}, keypoints=True, part_images=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    assert run_job(quick_job(write_market(folder / "market"), folder / "run", **TELLS_COLOURS), World())
    return folder


@pytest.fixture(scope="module")
def trained(place: Path) -> Trained:
    return read_trained(place / "run")


@pytest.fixture(scope="module")
def data(place: Path, trained: Trained) -> GateData:
    return read_gate_data(DataConfig(path=place / "market"), crop_hw(trained.recipe), limit=6)


def test_the_gates_data_are_the_gallery_and_training_pictures_of_the_set(data: GateData) -> None:
    assert data.compared.images.shape == (6, 32, 16, 3)
    assert data.calibration is not None
    assert data.calibration.images.shape == (6, 32, 16, 3)
    assert not data.compared.keypoints.any()  # the set has none
    assert data.evaluation is not None
    gallery = data.evaluation.gallery.inputs(np.array([0, 7])).images.numpy().transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(data.compared.images[[0, -1]], gallery)


def test_half_precision_halves_the_weights_and_keeps_the_contract(trained: Trained, data: GateData) -> None:
    plain, half = (export(trained, name="reid_x", data=data, precision=precision) for precision in ("fp32", "fp16"))
    assert half.findings[0].passed
    assert (half.spec.inputs, half.spec.outputs) == (plain.spec.inputs, plain.spec.outputs)
    assert half.spec.sha256 != plain.spec.sha256
    assert "fp16" in half.spec.source

    def weight_bytes(content: bytes) -> int:
        return sum(len(onnx.numpy_helper.to_array(each).tobytes()) for each in onnx.load_from_string(content).graph.initializer)

    assert weight_bytes(half.onnx) < 0.6 * weight_bytes(plain.onnx)
    cosines = (half.embeddings * plain.embeddings).sum(axis=1)
    assert 0.999 < cosines.min() < 1


def test_windows_of_key_points_stay_in_single_precision() -> None:
    recipe = PAPERS["joint_loss"].recipe("whole", scale="cpu", seed=0)
    torch.manual_seed(0)
    model = Trained(recipe.build(FACTS).eval(), recipe, FACTS, "d" * 64, 0, {}, {})
    rng = np.random.default_rng(0)
    keypoints = rng.random((4, len(JOINTS), 3)).astype(np.float32)
    crops = Crops(rng.integers(0, 256, (4, *crop_hw(recipe), 3), dtype=np.uint8), keypoints)
    exported = export(model, name="reid_x", data=GateData(crops), precision="fp16")
    assert exported.findings[0].passed
    plain = export(model, name="reid_x", data=GateData(crops)).onnx
    alone = set(_of_keypoints_alone(onnx.load_from_string(plain)))
    assert len(alone) > 20
    half = {node.name: node for node in onnx.load_from_string(to_fp16(plain)).graph.node}
    assert alone <= set(half)
    convolutions = {node.name for node in onnx.load_from_string(plain).graph.node if node.op_type == "Conv"}
    assert convolutions
    assert not convolutions & alone


class _Parity(nn.Module):
    """Odd or even cell of 4,096, for each joint: any rounding of the key points shows."""

    def forward(self, crop: Tensor, keypoints: Tensor) -> Tensor:
        cells = torch.floor(keypoints[:, :, 0] * 4096)
        return cells - 2 * torch.floor(cells / 2) + 0 * crop.float().mean(dim=(1, 2, 3))[:, None]


def test_key_points_are_not_rounded_on_their_way() -> None:
    crop, keypoints = torch.zeros(2, 4, 4, 3, dtype=torch.uint8), torch.rand(2, len(JOINTS), 3)
    graph = io.BytesIO()
    names = ["crop", "keypoints"]
    torch.onnx.export(_Parity(), (crop, keypoints), graph, dynamo=False, input_names=names, output_names=["embedding"])  # type: ignore[arg-type]
    session = OnnxSession.open(to_fp16(graph.getvalue()), name="parity")
    found = session.run({"crop": crop.numpy(), "keypoints": keypoints.numpy()})["embedding"]
    np.testing.assert_array_equal(found, _Parity()(crop, keypoints).numpy())
    assert set(found.ravel().tolist()) == {0, 1}


def test_eight_bits_are_calibrated_on_training_pictures_and_judged_by_map(trained: Trained, data: GateData) -> None:
    exported = export(trained, name="reid_x", data=data, precision="int8")
    graph = onnx.load_from_string(exported.onnx).graph
    assert {node.op_type for node in graph.node} >= {"QuantizeLinear", "DequantizeLinear"}
    cosine, drop = exported.findings
    assert cosine.passed
    assert isinstance(drop, MeanApDrop)
    assert drop.data == "market"
    assert 0 < drop.trained <= 100


def test_eight_bits_that_cost_too_much_are_refused(trained: Trained, data: GateData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "mean_ap_drop", lambda plain, coarse, on: MeanApDrop(on.name, 60.0, 59.4))
    with pytest.raises(ModelError, match=r"BAD mAP on market: 59\.40, in full precision 60\.00 \(a drop of 0\.5 is allowed\)"):
        export(trained, name="reid_x", data=data, precision="int8")


def test_eight_bits_need_training_pictures_and_queries(trained: Trained, data: GateData) -> None:
    with pytest.raises(ConfigurationError, match="calibrated on training pictures"):
        export(trained, name="reid_x", data=GateData(data.compared), precision="int8")


@pytest.mark.parametrize(("exported", "passed"), [(61.0, True), (59.5, True), (59.49, False), (float("nan"), False)])
def test_a_drop_of_half_a_point_is_allowed(exported: float, passed: bool) -> None:
    assert MeanApDrop("a set", 60.0, exported).passed is passed
