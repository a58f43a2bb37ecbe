"""Models small enough to write here and real enough to serve: a detector of one box, and embedders of colours on a grid."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.made_up_models import constant_net
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.spec import CropRule, ModelSpec, TensorSpec

CANVAS_HW = (240, 320)
CROP_HW = (64, 32)
JOINTS = 19
GRID = 4
BOX_XYXY = (100.0, 60.0, 160.0, 200.0)
"""Of the one person, in a picture as large as the canvas."""


def add_detector(
    repository: ModelRepository, name: str = "person_detector", *, boxes: Sequence[Sequence[float]] = (BOX_XYXY,)
) -> InstalledModel:
    """A detector that sees people in these boxes of every picture."""
    found, scores = np.zeros((1, 100, 4), np.float32), np.zeros((1, 100), np.float32)
    found[0, : len(boxes)], scores[0, : len(boxes)] = boxes, 0.9
    spec = ModelSpec(
        name=name,
        kind="detector",
        inputs=(TensorSpec(name="image", dtype="uint8", shape=(-1, *CANVAS_HW, 3)),),
        outputs=(
            TensorSpec(name="boxes", dtype="float32", shape=(-1, 100, 4)),
            TensorSpec(name="scores", dtype="float32", shape=(-1, 100)),
        ),
        sha256="0" * 64,
    )
    return _add(repository, spec, constant_net(spec, {"boxes": found, "scores": scores}))


def add_embedder(
    repository: ModelRepository, name: str, *, seed: int = 0, dimension: int = 32, pose: bool = False, **facts: str
) -> InstalledModel:
    """An embedder by colours on a grid of the crop, through a random map; with ``pose`` also by where the joints are."""
    inputs = [TensorSpec(name="crop", dtype="uint8", shape=(-1, *CROP_HW, 3))]
    if pose:
        inputs.append(TensorSpec(name="keypoints", dtype="float32", shape=(-1, JOINTS, 3)))
    spec = ModelSpec(
        name=name,
        kind="embedder",
        inputs=tuple(inputs),
        outputs=(
            TensorSpec(name="embedding", dtype="float32", shape=(-1, dimension)),
            TensorSpec(name="attributes", dtype="float32", shape=(-1, 1)),
        ),
        crop=CropRule(size_hw=CROP_HW),
        attributes=("bright",),
        sha256="0" * 64,
        **facts,
    )
    return _add(repository, spec, _colour_net(spec, np.random.default_rng(seed), pose=pose))


def _add(repository: ModelRepository, spec: ModelSpec, net: onnx.ModelProto) -> InstalledModel:
    data = net.SerializeToString()
    return repository.add(spec.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()}), data)


def _colour_net(spec: ModelSpec, random: np.random.Generator, *, pose: bool) -> onnx.ModelProto:
    height, width = CROP_HW
    cells = [height // GRID, width // GRID]
    features = 3 * GRID * GRID + (3 * JOINTS if pose else 0)
    dimension = spec.embedding_space.dimension
    weights = [
        numpy_helper.from_array(random.normal(0, 1, (features, dimension)).astype(np.float32), "map"),
        numpy_helper.from_array(np.float32(255), "most"),
    ]
    nodes = [
        helper.make_node("Cast", ["crop"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["grid"], kernel_shape=cells, strides=cells),
        helper.make_node("Flatten", ["grid"], ["cells"]),
        helper.make_node("Div", ["cells", "most"], ["colours"]),
        *(_joints() if pose else [helper.make_node("Identity", ["colours"], ["features"])]),
        helper.make_node("MatMul", ["features", "map"], ["raw"]),
        helper.make_node("LpNormalization", ["raw"], ["embedding"], axis=1, p=2),
        helper.make_node("ReduceMean", ["colours"], ["attributes"], axes=[1], keepdims=1),
    ]
    kinds = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}
    inputs, outputs = (
        [helper.make_tensor_value_info(one.name, kinds[one.dtype], ["rows", *one.shape[1:]]) for one in tensors]
        for tensors in (spec.inputs, spec.outputs)
    )
    graph = helper.make_graph(nodes, spec.name, inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _joints() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Flatten", ["keypoints"], ["joints"]),
        helper.make_node("Concat", ["colours", "joints"], ["features"], axis=1),
    ]
