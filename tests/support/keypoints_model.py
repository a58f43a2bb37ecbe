"""A model of key points that always says the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sightline.skeleton import JOINTS
from sightline.spec import CropRule, ModelSpec, TensorSpec


def write_keypoints_model(folder: Path, says: np.ndarray, *, size_hw: tuple[int, int]) -> Path:
    """A model's folder, laid out as in a repository; the path of its ONNX file.

    Args:
        folder: named as the model.
        says: float32 (19, 3): x, y in pixels of the crop, confidence; of every crop.
        size_hw: of its crops.
    """
    content = _graph(says.astype(np.float32), size_hw).SerializeToString()
    file = folder / "1" / "model.onnx"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    ModelSpec(
        name=folder.name,
        kind="keypoints",
        inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, *size_hw, 3)),),
        outputs=(
            TensorSpec(name="xy", dtype="float32", shape=(-1, len(JOINTS), 2)),
            TensorSpec(name="confidence", dtype="float32", shape=(-1, len(JOINTS))),
        ),
        crop=CropRule(size_hw=size_hw),
        joints=JOINTS,
        sha256=hashlib.sha256(content).hexdigest(),
    ).write(folder)
    return file


def _graph(says: np.ndarray, size_hw: tuple[int, int]) -> onnx.ModelProto:
    """0 times the crop's first pixel, and the constant: as many rows as there are crops."""
    constants = {
        "places": says[None, :, :2],
        "confidences": says[None, :, 2],
        "none": np.zeros(1, np.float32),
        "as_confidence": np.array([-1, 1], np.int64),
        "as_places": np.array([-1, 1, 1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["crop"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["float"], ["most"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["most", "none"], ["zero"]),
        helper.make_node("Reshape", ["zero", "as_places"], ["zero_places"]),
        helper.make_node("Reshape", ["zero", "as_confidence"], ["zero_confidence"]),
        helper.make_node("Add", ["zero_places", "places"], ["xy"]),
        helper.make_node("Add", ["zero_confidence", "confidences"], ["confidence"]),
    ]
    graph = helper.make_graph(
        nodes,
        "says",
        [helper.make_tensor_value_info("crop", TensorProto.UINT8, ["N", *size_hw, 3])],
        [
            helper.make_tensor_value_info("xy", TensorProto.FLOAT, ["N", len(says), 2]),
            helper.make_tensor_value_info("confidence", TensorProto.FLOAT, ["N", len(says)]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model
