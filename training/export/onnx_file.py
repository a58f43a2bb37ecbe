"""A net as the bytes of an ONNX file, for any number of crops."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

OPSET = 17
"""Triton's ONNX Runtime and TensorRT know it; it has LayerNormalization, and no net of ours needs more."""

CROP, KEYPOINTS, EMBEDDING, ATTRIBUTES = "crop", "keypoints", "embedding", "attributes"
"""Names of the model contract."""


def onnx_bytes(
    net: nn.Module,
    example: Sequence[Tensor],
    *,
    inputs: Sequence[str] = (CROP, KEYPOINTS),
    outputs: Sequence[str] = (EMBEDDING,),
) -> bytes:
    """Trace a net.

    Args:
        net: in evaluation mode, on the CPU.
        example: its inputs for a few crops; at least two, so that nothing takes the batch for a constant 1.
        inputs: their names; the first of these.
        outputs: the names of what it gives.
    """
    taken = list(inputs[: len(example)])
    graph = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the tracer, on shapes that are constants here
        torch.onnx.export(
            net,
            tuple(example),
            graph,  # type: ignore[arg-type]  # this exporter writes to any file
            dynamo=False,  # the other exporter unrolls the LSTMs and needs a package more
            opset_version=OPSET,
            input_names=taken,
            output_names=list(outputs),
            dynamic_axes={name: {0: "N"} for name in (*taken, *outputs)},
        )
    return graph.getvalue()
