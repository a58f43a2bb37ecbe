"""A net of dense coordinates becomes a model of the contract; one that differs does not."""

from __future__ import annotations

import asyncio

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor

from sightline.errors import ModelError
from sightline.models.session import OnnxSession
from sightline.ports import Tensors
from sightline.types import UInt8Array
from training.export.contract_net import ContractNet
from training.export.dense_gate import dense_findings
from training.export.perception import compared_on_server, export_perception
from training.export.served_iuv import ServedIuv, served_iuv
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.iuv.config import IuvConfig
from training.recipe import DataFacts
from training.recipes.densepose import DenseposeRecipe
from training.trained import AnyTrained, Trained

CROP_HW = (64, 32)
TINY = IuvConfig(
    input_hw=(32, 16), backbone=NarrowResidualConfig(channels=(8, 8, 8, 8), instance_norm_up_to=0), channels=(8, 8, 8)
)


def trained() -> AnyTrained:
    recipe = DenseposeRecipe(size_hw=(32, 16), crop_hw=CROP_HW, system=TINY, seed=3)
    facts = DataFacts(classes=1, attributes={})
    torch.manual_seed(3)
    system = recipe.build(facts)
    with torch.no_grad():
        system.net.maps.weight.mul_(300)  # parts that are sure of themselves, as a trained net's are
    return Trained(system.eval(), recipe, facts, "d" * 64, 12, {}, {"git_commit": "abc"})


def crops(count: int = 5) -> UInt8Array:
    return np.random.default_rng(0).integers(0, 256, (count, *CROP_HW, 3), np.uint8)


def test_dense_coordinates_pass_the_gate() -> None:
    model = trained()
    exported = export_perception(served_iuv(model.system, CROP_HW), model, crops(), name="densepose", terms="research use")
    first, *others = (finding.describe() for finding in exported.findings)
    assert first.startswith("ok  torch and ONNX Runtime, part: 100.000 % of the cells agree (99.9 % must)")
    assert [line.split(":")[0] for line in others] == ["ok  torch and ONNX Runtime, u", "ok  torch and ONNX Runtime, v"]
    onnx.checker.check_model(onnx.load_from_string(exported.onnx), full_check=True)
    spec = exported.spec
    assert (spec.kind, spec.terms) == ("densepose", "research use")
    assert [(tensor.name, tensor.dtype, tensor.shape) for tensor in (*spec.inputs, *spec.outputs)] == [
        ("crop", "uint8", (-1, *CROP_HW, 3)),
        ("part", "uint8", (-1, 16, 8)),
        ("u", "float32", (-1, 16, 8)),
        ("v", "float32", (-1, 16, 8)),
    ]
    session = OnnxSession.open(exported.onnx, name="densepose")
    for count in (1, 7):
        outputs = session.run({"crop": crops(count)})
        with torch.no_grad():
            wanted = model.system.inference_net()(torch.from_numpy(crops(count)).permute(0, 3, 1, 2))
        assert (outputs["part"] == wanted[0].numpy()).mean() > 0.999
    assert len(np.unique(outputs["part"])) > 3  # or nothing is compared


class _Wrong(ServedIuv):
    """Differs between the tracer and torch, as a net would whose control flow follows its input."""

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        part, u, v = super().forward(crop)
        return (part, u, v) if torch.onnx.is_in_onnx_export() else (part, u * 0.9, v)


def test_a_net_that_differs_is_refused_with_the_numbers() -> None:
    model = trained()
    good = served_iuv(model.system, CROP_HW)
    wrong = ContractNet(_Wrong(model.system), good.kind, good.input, good.outputs, good.tolerances, good.crop)
    with pytest.raises(ModelError, match=r"(?s)ok  torch and ONNX Runtime, part.*BAD torch and ONNX Runtime, u"):
        export_perception(wrong, model, crops(), name="densepose")


class _Server:
    """Gives what the model gives, but for a few cells."""

    def __init__(self, onnx_bytes: bytes, *, spoilt: int) -> None:
        self._session = OnnxSession.open(onnx_bytes, name="densepose")
        self._spoilt = spoilt

    async def infer(self, model: str, inputs: Tensors) -> Tensors:
        outputs = self._session.run(inputs)
        part, u = outputs["part"].ravel(), outputs["u"].ravel()
        part[: self._spoilt] = (part[: self._spoilt] + 1) % 25
        u[: self._spoilt] += 0.5
        return outputs


@pytest.mark.parametrize(("spoilt", "passes"), [(0, True), (1, True), (3, False)])
def test_one_cell_in_a_thousand_may_show_another_part_and_its_coordinates_do_not_count(spoilt: int, passes: bool) -> None:
    model, pictures = trained(), crops(16)  # 2,048 cells
    exported = export_perception(served_iuv(model.system, CROP_HW), model, pictures, name="densepose")
    findings = asyncio.run(compared_on_server(_Server(exported.onnx, spoilt=spoilt), exported, pictures))
    assert [finding.passed for finding in findings] == [passes, True, True]


def test_another_shape_passes_nothing() -> None:
    part = np.zeros((2, 4, 2), np.uint8)
    wanted = {"part": part, "u": part.astype(np.float32)}
    findings = dense_findings("two nets", wanted, {"part": part[:, :2], "u": wanted["u"]}, {"u": 1.0})
    assert not any(finding.passed for finding in findings)
    assert not dense_findings("two nets", {"part": part[:0], "u": part[:0]}, {"part": part[:0]}, {})[0].passed
