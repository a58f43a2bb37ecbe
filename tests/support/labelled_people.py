"""A folder of labelled people that is small enough to know by heart, and a net that tells them apart by their colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HEIGHT, WIDTH = 32, 16
PEOPLE = {1: (220, 30, 40), 2: (30, 200, 60), 3: (40, 60, 210), 4: (220, 200, 30)}
"""pid -> colour of the upper half; the lower half is dark."""


def write_picture(path: Path, colour: tuple[int, int, int], *, light: float = 1.0) -> None:
    """A person who fills the picture; ``light`` is the camera's."""
    image = np.full((HEIGHT, WIDTH, 3), 40, np.float64)
    image[: HEIGHT // 2] = colour
    Image.fromarray((image * light).clip(0, 255).astype(np.uint8)).save(path)


def write_people(folder: Path) -> Path:
    """Four people, seen by cameras 1 and 2, who query from camera 1; a distractor and a junk picture like person 1."""
    for name in ("query", "bounding_box_test"):
        (folder / name).mkdir(parents=True)
    for pid, colour in PEOPLE.items():
        write_picture(folder / "query" / f"{pid:04}_c1s1_000001_00.png", colour)
        write_picture(folder / "bounding_box_test" / f"{pid:04}_c1s1_000002_01.png", colour, light=0.99)
        for frame in (3, 4):
            write_picture(folder / "bounding_box_test" / f"{pid:04}_c2s1_{frame:06}_01.png", colour, light=0.8)
    write_picture(folder / "bounding_box_test" / "0000_c2s1_000009_01.png", (120, 120, 120))
    write_picture(folder / "bounding_box_test" / "-1_c2s1_000008_01.png", PEOPLE[1])
    return folder


def write_embedder(
    path: Path, *, joints: int = 0, batch: int | str = "N", output: str = "embedding", element: int = TensorProto.UINT8
) -> Path:
    """The contract's tensors: ``crop`` (16, 8) -> the mean colours of its two halves, at any length.

    With ``joints`` it takes ``keypoints`` too and appends them all, weighed by 10.
    """
    inputs = [helper.make_tensor_value_info("crop", element, [batch, 16, 8, 3])]
    weights = [
        numpy_helper.from_array(np.array(values, np.int64), name)
        for name, values in {"top": [0], "middle": [8], "bottom": [16], "rows": [1]}.items()
    ]
    nodes = [
        helper.make_node("Cast", ["crop"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Slice", ["pixels", "top", "middle", "rows"], ["upper"]),
        helper.make_node("Slice", ["pixels", "middle", "bottom", "rows"], ["lower"]),
        helper.make_node("ReduceMean", ["upper"], ["upper_mean"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMean", ["lower"], ["lower_mean"], axes=[1, 2], keepdims=0),
    ]
    parts, dimension = ["upper_mean", "lower_mean"], 6
    if joints:
        inputs.append(helper.make_tensor_value_info("keypoints", TensorProto.FLOAT, [batch, joints, 3]))
        weights.append(numpy_helper.from_array(np.float32(10), "ten"))
        nodes.append(helper.make_node("Flatten", ["keypoints"], ["flat"]))
        nodes.append(helper.make_node("Mul", ["flat", "ten"], ["weighed"]))
        parts.append("weighed")
        dimension += 3 * joints
    nodes.append(helper.make_node("Concat", parts, [output], axis=1))
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, dimension])]
    graph = helper.make_graph(nodes, "colours", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)
    return path
