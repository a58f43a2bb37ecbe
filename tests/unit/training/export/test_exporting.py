"""Every paper's system becomes an ONNX model that passes the gate; one that differs does not."""

from __future__ import annotations

import asyncio

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from sightline.errors import ModelError
from sightline.skeleton import JOINTS
from training.export import exporting
from training.export.exporting import ExportedModel, compared_on, export
from training.export.gate import Agreement, agreement
from training.export.gate_data import Crops, GateData
from training.export.served_net import ServedNet, crop_hw
from training.recipe import DataFacts
from training.tables.papers import PAPERS
from training.trained import Trained

FACTS = DataFacts(classes=5, attributes={"hat": 2, "colour": 9}, keypoints=True, part_images=True)


def trained(paper: str, row: str) -> Trained:
    recipe = PAPERS[paper].recipe(row, scale="cpu", seed=7)
    torch.manual_seed(0)
    return Trained(recipe.build(FACTS).eval(), recipe, FACTS, "d" * 64, 12, {}, {"git_commit": "abc"})


def crops_of(model: Trained, count: int = 3) -> Crops:
    rng = np.random.default_rng(0)
    keypoints = rng.random((count, len(JOINTS), 3)).astype(np.float32)
    return Crops(rng.integers(0, 256, (count, *crop_hw(model.recipe), 3), dtype=np.uint8), keypoints)


@pytest.mark.parametrize(
    ("paper", "row"), [(table.name, table.key[-1]) for table in PAPERS.values() if table.name != "baseline"]
)
def test_every_papers_system_passes_the_gate(paper: str, row: str) -> None:
    model = trained(paper, row)
    crops = crops_of(model)
    exported = export(model, name=f"reid_{paper}", data=GateData(crops), terms="research use")
    assert exported.findings[0].describe().startswith("ok  torch and ONNX Runtime: lowest cosine 1.0000")
    assert exported.embeddings.shape == (3, model.system.embedding_dim)
    spec = exported.spec
    assert (spec.kind, spec.name, spec.terms) == ("embedder", f"reid_{paper}", "research use")
    assert spec.crop is not None
    assert (spec.crop.size_hw, spec.inputs[0].shape) == (crop_hw(model.recipe), (-1, *crop_hw(model.recipe), 3))
    pooled_by_pose = paper in ("djl", "lrdnn", "joint_loss", "embedder")
    assert [tensor.name for tensor in spec.inputs][1:] == (["keypoints"] if pooled_by_pose else [])
    assert "seed 7" in spec.source
    assert "commit abc" in spec.source
    graph = onnx.load_from_string(exported.onnx)
    onnx.checker.check_model(graph, full_check=True)
    trained_size = sum(each.numel() for each in model.system.parameters())
    assert sum(np.prod(each.dims) for each in graph.graph.initializer) < trained_size or paper == "lrdnn"  # its FFT is a matrix


class _Wrong(ServedNet):
    """Differs between the tracer and torch, as a net would whose control flow follows its input."""

    def forward(self, crop: Tensor, *keypoints: Tensor) -> Tensor:
        found = super().forward(crop, *keypoints)
        return found if torch.jit.is_tracing() else nn.functional.normalize(found + 0.05, dim=1)  # type: ignore[no-untyped-call]


def test_a_net_that_differs_is_refused_with_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "ServedNet", _Wrong)
    model = trained("baseline", "baseline")
    with pytest.raises(
        ModelError, match=r"reid_wrong is refused: .*\nBAD torch and ONNX Runtime: lowest cosine 0\.[0-9]+ \(allowed 0.9999\)"
    ):
        export(model, name="reid_wrong", data=GateData(crops_of(model)))


def test_crops_of_another_size_are_refused() -> None:
    model = trained("baseline", "baseline")
    crops = crops_of(model)
    with pytest.raises(ValueError, match=r"expected \(128, 64\), got \(127, 64\)"):
        export(model, name="reid_x", data=GateData(Crops(crops.images[:, 1:], crops.keypoints)))
    with pytest.raises(ValueError, match="two crops or more"):
        GateData(Crops(crops.images[:1], crops.keypoints[:1]))
    with pytest.raises(ValueError, match=r"keypoints: expected \(3, 19, 3\)"):
        Crops(crops.images, crops.keypoints[:, :14])


class _Server:
    """Gives the right embeddings, turned by so much."""

    def __init__(self, exported: ExportedModel, noise: float) -> None:
        self.calls: list[tuple[str, list[str], int]] = []
        self._rest, self._noise = list(exported.embeddings), noise

    async def infer(self, model: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        count = len(inputs["crop"])
        self.calls.append((model, list(inputs), count))
        rows, self._rest = np.stack(self._rest[:count]), self._rest[count:]
        return {"embedding": rows + np.float32(self._noise)}


@pytest.mark.parametrize(("noise", "passed"), [(0.0, True), (0.05, False), (float("nan"), False)])
def test_a_server_is_compared_on_the_same_crops_some_at_a_time(noise: float, passed: bool) -> None:
    model = trained("djl", "djl_hfa")
    crops = crops_of(model, 35)
    exported = export(model, name="reid_djl", data=GateData(crops))
    server = _Server(exported, noise)
    found = asyncio.run(compared_on(server, exported, crops))  # type: ignore[arg-type]
    assert server.calls == [("reid_djl", ["crop", "keypoints"], 32), ("reid_djl", ["crop", "keypoints"], 3)]
    assert found.passed is passed


def test_agreement_is_the_lowest_cosine_of_all() -> None:
    rows = np.eye(4, dtype=np.float32)
    turned = rows.copy()
    turned[2] = [0, 0, np.cos(0.2), np.sin(0.2)]
    found = agreement("two nets", rows, turned, precision="fp32")
    assert found.worst == pytest.approx(np.cos(0.2), abs=1e-6)
    assert found.mean == pytest.approx((3 + np.cos(0.2)) / 4, abs=1e-6)
    assert not found.passed
    assert agreement("two nets", rows, turned, precision="fp16").allowed == 0.999
    assert agreement("two nets", rows, rows, precision="fp32").passed


def test_other_shapes_and_no_crops_do_not_pass() -> None:
    rows = np.eye(4, dtype=np.float32)
    assert not agreement("two nets", rows, rows[:3], precision="fp32").passed
    assert not agreement("two nets", rows, rows * 1.1, precision="fp32").passed  # not of length 1
    assert not agreement("two nets", rows[:0], rows[:0], precision="fp32").passed
    assert not Agreement("two nets", 4, float("nan"), 1.0, 0.9999).passed
