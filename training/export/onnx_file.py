"""A served net as the bytes of an ONNX file, for any number of crops."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from training.export.served_net import ServedNet

OPSET = 17
"""Triton's ONNX Runtime and TensorRT know it; it has LayerNormalization, and no net of ours needs more."""

CROP, KEYPOINTS, EMBEDDING = "crop", "keypoints", "embedding"
"""Names of the model contract."""


def onnx_bytes(net: ServedNet, example: Sequence[Tensor]) -> bytes:
    """Trace the net.

    Args:
        net: in evaluation mode, on the CPU.
        example: its inputs for a few crops; at least two, so that nothing takes the batch for a constant 1.
    """
    inputs = [CROP, KEYPOINTS][: len(example)]
    graph = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the tracer, on shapes that are constants here
        torch.onnx.export(
            net,
            tuple(example),
            graph,  # type: ignore[arg-type]  # this exporter writes to any file
            dynamo=False,  # the other exporter unrolls the LSTMs and needs a package more
            opset_version=OPSET,
            input_names=inputs,
            output_names=[EMBEDDING],
            dynamic_axes={name: {0: "N"} for name in (*inputs, EMBEDDING)},
        )
    return graph.getvalue()
