"""The output of MoveNet (Google, 2021), one person a picture: (N, 1, 17, 3) of y, x in [0, 1] of the picture, and a score."""

from __future__ import annotations

from sightline.models.importer.graph import GraphWriter


def write_movenet(writer: GraphWriter, output: str, count: int, size_hw: tuple[int, int]) -> tuple[str, str]:
    """float32 (N, 1, K, 3) -> xy (N, K, 2) pixels, confidence (N, K) in [0, 1]."""
    rows = writer.add("Reshape", output, writer.integers(0, count, 3))
    y, x = (
        writer.add("Mul", writer.columns(rows, column, column + 1), writer.number(side)) for column, side in enumerate(size_hw)
    )
    sure = writer.add("Reshape", writer.columns(rows, 2, 3), writer.integers(0, count))
    return writer.add("Concat", x, y, axis=2), writer.between_0_and_1(sure)
