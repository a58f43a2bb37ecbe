"""The head of a re-identification net: its feature vector, brought to unit length in the graph."""

from __future__ import annotations

import numpy as np

from sightline.models.importer.graph import GraphWriter

SMALLEST_NORM = 1e-12
"""A vector of zeros stays one instead of becoming not-a-number."""


def write_unit_length(writer: GraphWriter, features: str, dimension: int) -> str:
    """float32 (N, D) -> the same divided by its L2 norm."""
    squares = writer.add("Mul", features, features)
    # A product with ones: the reductions of ONNX changed their form with opset 13 and again with 18.
    total = writer.add("MatMul", squares, writer.constant(np.ones((dimension, 1)), np.float32))
    norm = writer.add("Max", writer.add("Sqrt", total), writer.number(SMALLEST_NORM))
    return writer.add("Div", features, norm)
