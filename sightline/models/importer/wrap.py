"""The surgery: our pictures in, the contract's tensors out, the user's net unchanged between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, compose, helper

from sightline.errors import ModelError
from sightline.models.importer.free_batch import free_the_batch
from sightline.models.importer.graph import OLDEST_IR, PRODUCER, SOURCE_PREFIX, GraphWriter, tensor_info
from sightline.models.importer.heads import Raw, write_results
from sightline.models.importer.joints import JointOrder, joint_order
from sightline.models.importer.outputs import Shape, assign_outputs
from sightline.models.importer.pixels import Picture, resolve_picture, write_front
from sightline.models.importer.recipe import Recipe
from sightline.models.importer.source import SourceModel
from sightline.models.importer.yolox import check_output
from sightline.models.session import OnnxSession

INPUT_NAMES = {"detector": "image"}
CROP_INPUT = "crop"
JOINTS_OF = {"simcc": ("simcc_x", 1), "heatmaps": ("heatmaps", 1), "movenet": ("joints", 2)}
"""For heads whose joints are brought into our order: the output and its axis that counts them."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A source and how it will be wrapped, all questions answered.

    Attributes:
        outputs: contract name -> name in the file.
        shapes: of the file's outputs, as a run on one picture gave them.
        joints: of pose nets whose joints are brought into our order; None = they stay as they are.
    """

    source: SourceModel
    recipe: Recipe
    picture: Picture
    outputs: Mapping[str, str]
    shapes: Mapping[str, Shape]
    joints: JointOrder | None = None

    @property
    def input_name(self) -> str:
        return INPUT_NAMES.get(self.recipe.role, CROP_INPUT)


def make_plan(source: SourceModel, recipe: Recipe, original: OnnxSession) -> Plan:
    """Answer every question about the file, by running it once on a black picture.

    Raises:
        ModelError: the file does not fit the recipe.
    """
    picture = resolve_picture(source, recipe.pixels)
    height, width = picture.size_hw
    shape = (1, 3, height, width) if picture.layout == "nchw" else (1, height, width, 3)
    results = original.run({source.input.name: np.zeros(shape, picture.dtype)})
    shapes = {name: result.shape for name, result in results.items()}
    outputs = assign_outputs(source, recipe, shapes)
    plan = Plan(source, recipe, picture, outputs, shapes, _joints(source, recipe, outputs, shapes))
    if recipe.head == "yolox":
        check_output(source, shapes[plan.outputs["output"]], recipe.yolox)
    return plan


def _joints(source: SourceModel, recipe: Recipe, outputs: Mapping[str, str], shapes: Mapping[str, Shape]) -> JointOrder | None:
    if recipe.head not in JOINTS_OF:
        return None
    tensor, axis = JOINTS_OF[recipe.head]
    return joint_order(source, shapes[outputs[tensor]][axis], recipe.joints)


def wrap(plan: Plan) -> ModelProto:
    """The wrapped net, for any number of pictures.

    Raises:
        ModelError: the surgery gave a graph that is not valid.
    """
    source = ModelProto()
    source.CopyFrom(plan.source.model)
    free_the_batch(source, plan.source.input.name)
    net = compose.add_prefix(source, SOURCE_PREFIX)  # so that no name of theirs meets one of ours

    front, tail = GraphWriter("front"), GraphWriter("tail")
    pixels = write_front(front, plan.input_name, plan.recipe.pixels, plan.picture)
    front.nodes.append(helper.make_node("Identity", [pixels], [SOURCE_PREFIX + plan.source.input.name]))
    outputs = _write_outputs(tail, plan)

    model = _assemble(plan, net, front, tail, outputs)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelError(f"{plan.source.path}: the wrapped graph is not valid: {error}") from error
    return model


def _assemble(plan: Plan, net: ModelProto, front: GraphWriter, tail: GraphWriter, outputs: list[Any]) -> ModelProto:
    graph = helper.make_graph(
        nodes=[*front.nodes, *net.graph.node, *tail.nodes],
        name="sightline",
        inputs=[tensor_info(plan.input_name, "uint8", ["N", *plan.picture.size_hw, 3])],
        outputs=outputs,
        initializer=[*front.constants, *net.graph.initializer, *tail.constants],
    )
    graph.sparse_initializer.extend(net.graph.sparse_initializer)
    model = helper.make_model(graph, opset_imports=net.opset_import, producer_name=PRODUCER)
    model.ir_version = max(net.ir_version, OLDEST_IR)
    return model


def _write_outputs(tail: GraphWriter, plan: Plan) -> list[Any]:
    """Write the head; returns the declarations of the contract's outputs."""
    tensors = {tensor: SOURCE_PREFIX + name for tensor, name in plan.outputs.items()}
    shapes = {tensor: plan.shapes[name] for tensor, name in plan.outputs.items()}
    results = write_results(tail, Raw(plan.source, plan.recipe, plan.picture.size_hw, plan.joints, tensors, shapes))
    declared = []
    for name, (value, dtype, shape) in results.items():
        tail.name_output(value, name)
        declared.append(tensor_info(name, dtype, ["N", *shape]))
    return declared
