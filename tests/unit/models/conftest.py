"""Nets small enough to read, written with onnx.helper as exporters write the large ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

STRIDES = (8, 16, 32)
CLASSES = 3
SIDE = 64


class Nets:
    """Writes ONNX files into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.random = np.random.default_rng(3)

    def yolox(self, name: str = "yolox.onnx", *, side: int = SIDE, decoded: bool = False) -> Path:
        """As Megvii's exporter writes it: a level a stride, Reshapes with the batch of 1 in them."""
        nodes, weights, levels = [], [], []
        columns = 5 + CLASSES
        for stride in STRIDES:
            cells = (side // stride) ** 2
            kernel = self.random.normal(0, 0.02 / stride, (columns, 3, stride, stride)).astype(np.float32)
            weights.append(numpy_helper.from_array(kernel, f"w{stride}"))
            weights.append(numpy_helper.from_array(np.array([1, columns, cells], np.int64), f"shape{stride}"))
            nodes.append(helper.make_node("Conv", ["images", f"w{stride}"], [f"c{stride}"], strides=[stride, stride]))
            nodes.append(helper.make_node("Reshape", [f"c{stride}", f"shape{stride}"], [f"r{stride}"]))
            levels.append(f"r{stride}")
        nodes.append(helper.make_node("Concat", levels, ["all"], axis=2))
        nodes.append(helper.make_node("Transpose", ["all"], ["rows"], perm=[0, 2, 1]))
        nodes += _sigmoid_from_column_4(decoded)
        weights.append(numpy_helper.from_array(np.float32(4), "four"))
        weights += [_ints("s0", 0), _ints("s4", 4), _ints("end", 99), _ints("axis", 2)]
        rows = sum((side // stride) ** 2 for stride in STRIDES)
        return self.write(name, nodes, weights, [1, 3, side, side], {"output": [1, rows, columns]}, input_name="images")

    def embedder(self, name: str = "net.onnx", *, hw: tuple[int, int] = (16, 8), dimension: int = 6) -> Path:
        """Mean colour, then a linear map."""
        matrix = self.random.normal(0, 1, (3, dimension)).astype(np.float32)
        nodes = [
            helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node("MatMul", ["flat", "m"], ["features"]),
        ]
        weights = [numpy_helper.from_array(matrix, "m")]
        return self.write(name, nodes, weights, ["batch", 3, *hw], {"features": ["batch", dimension]})

    def write(
        self,
        name: str,
        nodes: Sequence[Any],
        weights: Sequence[Any],
        input_shape: Sequence[int | str],
        outputs: dict[str, Sequence[int | str]],
        *,
        input_name: str = "input",
        element: int = TensorProto.FLOAT,
        output_element: int | None = None,
        more_inputs: Sequence[Any] = (),
        opset: int = 13,
        domains: Sequence[str] = (),
    ) -> Path:
        """Any net with one input; outputs are of its type unless something else is said."""
        graph = helper.make_graph(
            list(nodes),
            "net",
            [helper.make_tensor_value_info(input_name, element, list(input_shape)), *more_inputs],
            [
                helper.make_tensor_value_info(output, output_element or element, list(shape))
                for output, shape in outputs.items()
            ],
            list(weights),
        )
        imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
        model = helper.make_model(graph, opset_imports=imports)
        model.ir_version = 8
        path = self.folder / name
        onnx.save(model, str(path))
        return path


def _ints(name: str, *values: int) -> Any:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def _sigmoid_from_column_4(decoded: bool) -> list[Any]:
    pixels = [
        helper.make_node("Abs", ["raw_box"], ["positive"]),
        helper.make_node("Mul", ["positive", "four"], ["box"]),
    ]
    return [
        helper.make_node("Slice", ["rows", "s0", "s4", "axis"], ["raw_box"]),
        *(pixels if decoded else [helper.make_node("Identity", ["raw_box"], ["box"])]),
        helper.make_node("Slice", ["rows", "s4", "end", "axis"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
        helper.make_node("Concat", ["box", "probabilities"], ["output"], axis=2),
    ]


@pytest.fixture
def nets(tmp_path: Path) -> Nets:
    folder = tmp_path / "nets"
    folder.mkdir()
    return Nets(folder)


@pytest.fixture
def pictures() -> Callable[[int], list[np.ndarray]]:
    """``pictures(3)``: random pictures of different sizes."""
    random = np.random.default_rng(11)

    def make(count: int) -> list[np.ndarray]:
        return [random.integers(0, 256, (40 + 9 * i, 70 - 5 * i, 3), np.uint8) for i in range(count)]

    return make
