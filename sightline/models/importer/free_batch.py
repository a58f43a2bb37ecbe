"""A net exported for one picture at a time, made to take any number."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, numpy_helper

from sightline.models.importer.graph import OUR_PREFIX, constants_of

COPY_FROM_INPUT = 0
"""In the shape of a Reshape: take this dimension from the input."""


def free_the_batch(model: ModelProto, picture: str) -> None:
    """Rewrite ``model`` in place so that its first dimension is free; a model whose is already stays as it is.

    Exporters that saw one picture write the batch of 1 into the shapes of Reshape nodes. Where what is reshaped comes from
    the picture and its shape begins with 1, that number becomes 0, "as in the input". Whether a net then treats its pictures
    apart is not provable from the graph: the importer runs a batch against single pictures before it accepts one.

    Args:
        model: the net.
        picture: name of its input.
    """
    if _first_dimension(model, picture) != 1:
        return
    values, from_picture = constants_of(model), {picture}
    for index, node in enumerate(model.graph.node):
        if from_picture.isdisjoint(node.input):
            continue
        from_picture.update(node.output)
        if node.op_type == "Reshape" and node.input[0] in from_picture and node.input[1] in values:
            shape = np.array(values[node.input[1]], np.int64)
            if len(shape) > 1 and shape[0] == 1:
                shape[0] = COPY_FROM_INPUT
                # A new constant for each node: another node may use the old one in another way.
                name = f"{OUR_PREFIX}free_batch_{index}"
                model.graph.initializer.append(numpy_helper.from_array(shape, name))
                node.input[1] = name
    del model.graph.value_info[:]  # the shapes recorded there say 1
    for value in (*model.graph.input, *model.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        if dimensions:
            dimensions[0].dim_param = "N"


def _first_dimension(model: ModelProto, picture: str) -> int:
    """The fixed batch size; 0 = free."""
    value = next(value for value in model.graph.input if value.name == picture)
    return int(value.type.tensor_type.shape.dim[0].dim_value)
