"""Wrong and hostile files are refused in words, before anything of them runs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from sightline.errors import ModelError
from sightline.models.importer.source import read_source


def test_a_good_file_is_described(nets):
    source = read_source(nets.yolox())
    assert source.describe() == "images float32 [1, 3, 64, 64] -> output float32 [1, 84, 8]"
    assert len(source.sha256) == 64


def test_a_missing_file(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        read_source(tmp_path / "none.onnx")


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\x89PNG\r\n\x1a\n" + b"x" * 64, b"import os", b"\xff" * 1000])
def test_what_is_not_onnx(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not an ONNX"):
        read_source(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), cut=st.booleans())
def test_damaged_files_never_raise_anything_else(nets, position, value, cut):
    good = nets.folder / "good.onnx"
    if not good.exists():
        nets.embedder("good.onnx")
    content = bytearray(good.read_bytes())
    at = int(position * len(content))
    content = content[:at] if cut else content
    if not cut:
        content[at] = value
    damaged = nets.folder / "damaged.onnx"
    damaged.write_bytes(bytes(content))
    with contextlib.suppress(ModelError):
        read_source(damaged)


@pytest.mark.parametrize("number", [0, 99])
def test_elements_of_no_known_type(nets, number):
    path = nets.embedder("untyped.onnx")
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.elem_type = number
    onnx.save(model, path)
    with pytest.raises(ModelError, match="elements of no known type"):
        read_source(path)


def test_two_inputs(nets):
    other = helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["N", 3, 8, 8])
    nodes = [helper.make_node("Add", ["input", "mask"], ["out"])]
    path = nets.write("two.onnx", nodes, [], ["N", 3, 8, 8], {"out": ["N", 3, 8, 8]}, more_inputs=[other])
    with pytest.raises(ModelError, match=r"expected one input.*found 2: input float32 \[N, 3, 8, 8\], mask"):
        read_source(path)


def test_wrong_rank(nets):
    path = nets.write("flat.onnx", [helper.make_node("Relu", ["input"], ["out"])], [], ["N", 512], {"out": ["N", 512]})
    with pytest.raises(ModelError, match=r"expected an input of rank 4.*found input float32 \[N, 512\]"):
        read_source(path)


def test_custom_operators(nets):
    nodes = [helper.make_node("Magic", ["input"], ["out"], domain="com.evil")]
    path = nets.write("custom.onnx", nodes, [], ["N", 3, 8, 8], {"out": ["N", 3, 8, 8]}, domains=["com.evil"])
    with pytest.raises(ModelError, match=r"custom ones: com.evil::Magic"):
        read_source(path)


def test_custom_operators_hidden_in_a_branch(nets):
    inner = helper.make_graph(
        [helper.make_node("Magic", ["input"], ["a"], domain="com.evil")],
        "then",
        [],
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, None)],
    )
    other = helper.make_graph(
        [helper.make_node("Relu", ["input"], ["b"])], "else", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)]
    )
    nodes = [helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=other)]
    weights = [numpy_helper.from_array(np.array(True), "yes")]
    path = nets.write("if.onnx", nodes, weights, ["N", 3, 8, 8], {"out": ["N", 3, 8, 8]}, domains=["com.evil"])
    with pytest.raises(ModelError, match=r"com.evil::Magic"):
        read_source(path)


def test_external_data_is_never_followed(nets, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\x00" * 72)
    path = nets.embedder("external.onnx")
    model = onnx.load(str(path))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", f"../{secret.name}"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="single file"):
        read_source(path)


def test_an_old_opset(nets):
    path = nets.write(
        "old.onnx", [helper.make_node("Relu", ["input"], ["out"])], [], ["N", 3, 8, 8], {"out": ["N", 3, 8, 8]}, opset=9
    )
    with pytest.raises(ModelError, match="opset 11 or later, found 9"):
        read_source(path)


def test_a_folder(tmp_path: Path):
    with pytest.raises(ModelError, match="does not exist"):
        read_source(tmp_path)
