"""The head of RTMPose (Jiang et al., 2023): each joint's x and y as a row of bins (SimCC, Li et al., ECCV 2022).

Two outputs (N, K, W r) and (N, K, H r), with r bins a pixel. The place is that of the greatest bin, in pixels whose middles
are whole numbers; how sure it is, the smaller of the two maxima.
"""

from __future__ import annotations

from sightline.models.importer.graph import GraphWriter
from sightline.models.importer.source import SourceModel

MIDDLE = 0.5
"""Of a pixel, where the first one covers [0, 1), as the contract has it."""


def bins_a_pixel(source: SourceModel, x_bins: int, y_bins: int, size_hw: tuple[int, int]) -> float:
    """r.

    Raises:
        ModelError: it is not the same across and down.
    """
    height, width = size_hw
    if x_bins * height != y_bins * width or x_bins < width:
        raise source.refuse(f"as many bins a pixel in x as in y for a {height}x{width} input (RTMPose has 2 of each)")
    return x_bins / width


def write_simcc(writer: GraphWriter, x: str, y: str, bins: float) -> tuple[str, str]:
    """float32 (N, K, W r) and (N, K, H r) -> xy (N, K, 2) pixels, confidence (N, K) in [0, 1]."""
    places, maxima = [], []
    for rows in (x, y):
        greatest, place = writer.add_many("TopK", rows, writer.integers(1), count=2, axis=2)
        places.append(writer.add("Mul", writer.cast(place, "float32"), writer.number(1 / bins)))
        maxima.append(greatest)
    xy = writer.add("Add", writer.add("Concat", *places, axis=2), writer.number(MIDDLE))
    sure = writer.add("Reshape", writer.add("Min", *maxima), writer.integers(0, 0))
    return xy, writer.between_0_and_1(sure)
