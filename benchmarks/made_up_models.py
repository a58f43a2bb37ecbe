"""The made-up models as ONNX: a server runs them like any other, and they return at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.made_up import BOX_XYXY, DETECTOR, DIMENSION, EMBEDDER
from sightline.models.repository import ModelRepository
from sightline.spec import ModelSpec, TensorSpec

_TYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}
_OPSET, _IR_VERSION = 17, 9


def install_made_up(repository: ModelRepository) -> None:
    """Add both."""
    boxes, scores = np.zeros((1, 100, 4), np.float32), np.zeros((1, 100), np.float32)
    boxes[0, 0], scores[0, 0] = BOX_XYXY, 0.9
    _add(repository, DETECTOR, {"boxes": boxes, "scores": scores})
    _add(repository, EMBEDDER, {"embedding": np.full((1, DIMENSION), DIMENSION**-0.5, np.float32)})


def _add(repository: ModelRepository, spec: ModelSpec, constants: dict[str, NDArray[np.float32]]) -> None:
    repository.add(spec, constant_net(spec, constants).SerializeToString())


def constant_net(spec: ModelSpec, constants: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """A net with the spec's tensors that answers each item of a batch with the same constants, (1, …) each."""
    [source] = spec.inputs
    nodes = [
        helper.make_node("Shape", [source.name], ["rows"], start=0, end=1),
        *(node for output in spec.outputs for node in _repeat(output.name, constants[output.name].ndim)),
    ]
    weights = [numpy_helper.from_array(constant, f"{name}.one") for name, constant in constants.items()]
    weights += [
        numpy_helper.from_array(np.ones(constant.ndim - 1, np.int64), f"{name}.ones") for name, constant in constants.items()
    ]
    graph = helper.make_graph(nodes, spec.name, [_info(source)], [_info(output) for output in spec.outputs], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)


def _repeat(name: str, dimensions: int) -> Sequence[onnx.NodeProto]:
    """The constant, once for each row of the batch."""
    assert dimensions > 1, "the first axis is the batch"
    return (
        helper.make_node("Concat", ["rows", f"{name}.ones"], [f"{name}.shape"], axis=0),
        helper.make_node("Expand", [f"{name}.one", f"{name}.shape"], [name]),
    )


def _info(tensor: TensorSpec) -> onnx.ValueInfoProto:
    shape = [length if length >= 0 else f"{tensor.name}.{axis}" for axis, length in enumerate(tensor.shape)]
    return helper.make_tensor_value_info(tensor.name, _TYPES[tensor.dtype], shape)
