"""Writing ONNX graphs by hand, in operators that mean the same from opset 11 on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike, NDArray
from onnx import ModelProto, helper, numpy_helper

PRODUCER = "sightline"
OUR_PREFIX = "sightline/"
SOURCE_PREFIX = "net/"
OLDEST_IR = 7

ELEMENT_TYPES = {
    "bool": onnx.TensorProto.BOOL,
    "uint8": onnx.TensorProto.UINT8,
    "int32": onnx.TensorProto.INT32,
    "int64": onnx.TensorProto.INT64,
    "float16": onnx.TensorProto.FLOAT16,
    "float32": onnx.TensorProto.FLOAT,
}


class GraphWriter:
    """Nodes and constants in the order written; each ``add`` returns the name of its output."""

    def __init__(self, section: str) -> None:
        self._prefix = f"{OUR_PREFIX}{section}/"
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._count = 0

    def constant(self, value: ArrayLike, dtype: DTypeLike) -> str:
        """A constant tensor's name."""
        name = self._fresh("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def integers(self, *values: int) -> str:
        """A constant int64 vector: a shape, axes, starts, indices."""
        return self.constant(values, np.int64)

    def number(self, value: float) -> str:
        """A constant float32 scalar."""
        return self.constant(value, np.float32)

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """An operator with one output."""
        return self.add_many(operator, *inputs, count=1, **attributes)[0]

    def add_many(self, operator: str, *inputs: str, count: int, **attributes: Any) -> list[str]:
        """An operator with ``count`` outputs."""
        outputs = [self._fresh(operator) for _ in range(count)]
        self.nodes.append(helper.make_node(operator, list(inputs), outputs, name=outputs[0], **attributes))
        return outputs

    def cast(self, value: str, dtype: str) -> str:
        """``value`` as another of :data:`ELEMENT_TYPES`."""
        return self.add("Cast", value, to=ELEMENT_TYPES[dtype])

    def between_0_and_1(self, value: str) -> str:
        """float32 ``value``, cut off below 0 and above 1."""
        return self.add("Clip", value, self.number(0.0), self.number(1.0))

    def columns(self, value: str, start: int, stop: int) -> str:
        """``value[..., start:stop]`` of a rank-3 tensor."""
        return self.add("Slice", value, self.integers(start), self.integers(stop), self.integers(2))

    def name_output(self, value: str, name: str) -> None:
        """Make ``value`` the graph's output ``name``."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"{self._prefix}{name}"))

    def _fresh(self, word: str) -> str:
        self._count += 1
        return f"{self._prefix}{word}_{self._count}"


def tensor_info(name: str, dtype: str, shape: Sequence[int | str]) -> Any:
    """The declaration of an input or output."""
    return helper.make_tensor_value_info(name, ELEMENT_TYPES[dtype], list(shape))


def constants_of(model: ModelProto) -> dict[str, NDArray[Any]]:
    """The values of initialisers and Constant nodes, by tensor name."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            values[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return values
