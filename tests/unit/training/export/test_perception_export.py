"""Nets of perception become models of the contract; those that differ do not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from torch import Tensor

from sightline.errors import ConfigurationError, ModelError
from sightline.models.session import OnnxSession
from sightline.ports import Tensors
from sightline.skeleton import JOINTS
from sightline.types import UInt8Array
from training.export.candidate import Wanted, candidate
from training.export.gate import closeness
from training.export.perception import compared_on_server, export_perception
from training.export.served_pose import ServedPose, served_pose
from training.nets.crop_pose.config import CropPoseConfig
from training.recipe import DataFacts
from training.recipes.keypoints import KeypointsRecipe
from training.trained import AnyTrained, Trained

SIZE = (64, 32)


def trained() -> AnyTrained:
    recipe = KeypointsRecipe(size_hw=SIZE, system=CropPoseConfig(stem=8, channels=(8, 8), blocks=(1, 1), pyramid=8), seed=3)
    facts = DataFacts(classes=1, attributes={}, keypoints=True)
    torch.manual_seed(3)
    system = recipe.build(facts)
    with torch.no_grad():
        system.net.maps.weight.mul_(300)  # clear peaks, as a trained net has
    return Trained(system.eval(), recipe, facts, "d" * 64, 12, {}, {"git_commit": "abc"})


def crops(count: int = 5) -> UInt8Array:
    return np.random.default_rng(0).integers(0, 256, (count, *SIZE, 3), np.uint8)


def test_key_points_pass_the_gate() -> None:
    model = trained()
    exported = export_perception(served_pose(model.system, SIZE), model, crops(), name="keypoints", terms="research use")
    assert [finding.output for finding in exported.findings] == ["xy", "confidence"]
    assert exported.findings[0].describe().startswith("ok  torch and ONNX Runtime, xy: largest difference ")
    onnx.checker.check_model(onnx.load_from_string(exported.onnx), full_check=True)
    spec = exported.spec
    assert (spec.kind, spec.joints, spec.terms) == ("keypoints", JOINTS, "research use")
    assert [(tensor.name, tensor.dtype, tensor.shape) for tensor in (*spec.inputs, *spec.outputs)] == [
        ("crop", "uint8", (-1, *SIZE, 3)),
        ("xy", "float32", (-1, 19, 2)),
        ("confidence", "float32", (-1, 19)),
    ]
    assert spec.crop is not None
    assert spec.crop.size_hw == SIZE

    outputs = OnnxSession.open(exported.onnx, name="keypoints").run({"crop": crops(1)})
    wanted = model.system.estimate(torch.from_numpy(crops(1)).permute(0, 3, 1, 2)).detach().numpy()
    np.testing.assert_allclose(outputs["xy"], wanted[..., :2] * [SIZE[1], SIZE[0]], atol=1e-2)
    np.testing.assert_allclose(outputs["confidence"], wanted[..., 2], atol=1e-4)


class _Wrong(ServedPose):
    """Differs between the tracer and torch, as a net would whose control flow follows its input."""

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        xy, confidence = super().forward(crop)
        return (xy + 1 if torch.jit.is_tracing() else xy), confidence  # type: ignore[no-untyped-call]


def test_a_net_that_differs_is_refused_with_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.export.served_pose.ServedPose", _Wrong)
    model = trained()
    with pytest.raises(
        ModelError, match=r"keypoints is refused(.|\n)*BAD torch and ONNX Runtime, xy: largest difference 1 \(allowed"
    ):
        export_perception(served_pose(model.system, SIZE), model, crops(), name="keypoints")


def test_one_picture_proves_nothing() -> None:
    model = trained()
    with pytest.raises(ValueError, match="two pictures"):
        export_perception(served_pose(model.system, SIZE), model, crops(1), name="keypoints")


class _Server:
    """Runs the graph, with or without an error."""

    def __init__(self, content: bytes, error: float) -> None:
        self._session, self._error = OnnxSession.open(content, name="keypoints"), error

    async def infer(self, model: str, inputs: Tensors) -> Tensors:
        assert model == "keypoints"
        outputs = self._session.run(inputs)
        return outputs | {"confidence": outputs["confidence"] + np.float32(self._error)}


def test_a_server_is_held_to_the_same() -> None:
    model = trained()
    exported = export_perception(served_pose(model.system, SIZE), model, crops(40), name="keypoints")
    same = asyncio.run(compared_on_server(_Server(exported.onnx, 0), exported, crops(40)))
    assert all(finding.passed for finding in same)
    other = asyncio.run(compared_on_server(_Server(exported.onnx, 0.01), exported, crops(40)))
    assert [finding.passed for finding in other] == [True, False]


def test_closeness_is_the_largest_difference_and_not_of_other_shapes() -> None:
    wanted = {"xy": np.zeros((2, 3), np.float32)}
    [found] = closeness("a and b", wanted, {"xy": np.array([[0, 0, 0], [0, -0.3, 0.1]], np.float32)}, {"xy": 0.25})
    assert found.worst == pytest.approx(0.3)
    assert not found.passed
    assert not closeness("a and b", wanted, {"xy": np.zeros((3, 3), np.float32)}, {"xy": 0.25})[0].passed
    assert not closeness("a and b", wanted, {}, {"xy": 0.25})[0].passed
    nothing = {"xy": np.zeros((0, 3), np.float32)}
    assert not closeness("a and b", nothing, nothing, {"xy": 0.25})[0].passed


def test_what_does_not_go_with_key_points_is_refused(tmp_path: Path) -> None:
    names = [f"{number:05d}.png" for number in range(40)]
    for name in names:
        file = tmp_path / "crops" / name
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(crops(1)[0]).save(file)
    np.savez(tmp_path / "joints.npz", name=names, xy=np.full((40, 14, 2), 5))
    made = candidate(trained(), Wanted("keypoints", tmp_path))
    assert all(finding.passed for finding in made.findings)
    with pytest.raises(ConfigurationError, match="precision"):
        candidate(trained(), Wanted("keypoints", tmp_path, precision="fp16"))
