"""The head of HRNet (Sun et al., CVPR 2019) and of all nets that give a heat map a joint: (N, K, h, w).

The place is the greatest cell, moved a quarter of a cell towards its greater neighbour, across and down; it counts in
pixels whose middles are whole numbers, as these nets were trained. How sure it is, the greatest value.
"""

from __future__ import annotations

from sightline.models.importer.graph import GraphWriter
from sightline.models.importer.simcc import MIDDLE
from sightline.models.importer.source import SourceModel

QUARTER = 0.25


def stride_of(source: SourceModel, cells_hw: tuple[int, int], size_hw: tuple[int, int]) -> float:
    """Pixels a cell.

    Raises:
        ModelError: they are not the same across and down, or the maps are larger than the picture.
    """
    (rows, columns), (height, width) = cells_hw, size_hw
    if rows * width != columns * height or rows > height or min(rows, columns) < 2:
        raise source.refuse(f"heat maps [N, K, h, w] in the proportion of the {height}x{width} input (HRNet: a quarter of it)")
    return width / columns


def write_heatmaps(writer: GraphWriter, maps: str, cells_hw: tuple[int, int], stride: float) -> tuple[str, str]:
    """float32 (N, K, h, w) -> xy (N, K, 2) pixels, confidence (N, K) in [0, 1]."""
    rows, columns = cells_hw
    flat = writer.add("Reshape", maps, writer.integers(0, 0, rows * columns))
    greatest, place = writer.add_many("TopK", flat, writer.integers(1), count=2, axis=2)
    at = writer.cast(place, "float32")  # exact: there are fewer cells than float32 has whole numbers
    y = writer.add("Floor", writer.add("Div", writer.add("Add", at, writer.number(0.5)), writer.number(columns)))
    x = writer.add("Sub", at, writer.add("Mul", y, writer.number(columns)))
    sides = [
        writer.add("Add", x, _quarter(writer, flat, (at, x), step=1, last=columns - 1, cells=rows * columns)),
        writer.add("Add", y, _quarter(writer, flat, (at, y), step=columns, last=rows - 1, cells=rows * columns)),
    ]
    xy = writer.add("Mul", writer.add("Concat", *sides, axis=2), writer.number(stride))
    sure = writer.add("Reshape", greatest, writer.integers(0, 0))
    return writer.add("Add", xy, writer.number(MIDDLE)), writer.between_0_and_1(sure)


def _quarter(writer: GraphWriter, flat: str, at_and_along: tuple[str, str], *, step: int, last: int, cells: int) -> str:
    """-1/4, 0 or 1/4 of a cell; 0 at the map's border, where there is one neighbour only.

    Args:
        writer: the graph.
        flat: the map's values in a row.
        at_and_along: where in that row the greatest is, and where across (or down) the map.
        step: to the next cell, in that row.
        last: the greatest place across (or down).
        cells: how many the map has.
    """
    at, along = at_and_along
    after = writer.add("Min", writer.add("Add", at, writer.number(step)), writer.number(cells - 1))
    before = writer.add("Max", writer.add("Sub", at, writer.number(step)), writer.number(0))
    rise = writer.add("Sub", *(_value(writer, flat, place) for place in (after, before)))
    towards = writer.add("Mul", writer.add("Sign", rise), writer.number(QUARTER))
    within = (writer.add("Greater", along, writer.number(0)), writer.add("Less", along, writer.number(last)))
    return writer.add("Where", writer.add("And", *within), towards, writer.number(0))


def _value(writer: GraphWriter, flat: str, place: str) -> str:
    return writer.add("GatherElements", flat, writer.cast(place, "int64"), axis=2)
