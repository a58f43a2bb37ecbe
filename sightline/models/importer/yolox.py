"""The head of a YOLOX detector (Ge et al., 2021): one output (N, A, 5 + classes), a row for each cell of each grid.

A row holds x, y, w, h, objectness and the classes' probabilities. Exporters leave the decoding out by default: x and y
are then offsets from the cell in strides, w and h logarithms of sizes in strides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sightline.models.importer.detections import Suppression
from sightline.models.importer.graph import GraphWriter
from sightline.models.importer.source import SourceModel
from sightline.types import Float32Array

STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""Of the usual nets, and of those with a fourth level."""
BOX_AND_OBJECTNESS = 5


@dataclass(frozen=True, slots=True)
class YoloxHead:
    """How to read the output.

    Attributes:
        decoded: x, y, w, h are pixels already (exported with ``--decode_in_inference``).
        person_class: index of the class to keep.
        suppression: of overlapping boxes.
    """

    decoded: bool = False
    person_class: int = 0
    suppression: Suppression = field(default_factory=Suppression)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells that the rows stand for: corner float32 (A, 2) in strides, stride float32 (A, 1) in pixels."""

    corner: Float32Array
    stride: Float32Array


def cells_of(size_hw: tuple[int, int], strides: tuple[int, ...]) -> Cells:
    """Row by row through the grid of each stride, the finest first."""
    corners, sizes = [], []
    for stride in strides:
        y, x = np.mgrid[: size_hw[0] // stride, : size_hw[1] // stride]
        corners.append(np.stack([x.ravel(), y.ravel()], axis=1))
        sizes.append(np.full((x.size, 1), stride))
    return Cells(np.concatenate(corners).astype(np.float32), np.concatenate(sizes).astype(np.float32))


def resolve_cells(source: SourceModel, rows: int, size_hw: tuple[int, int]) -> Cells:
    """The cells of a net with ``rows`` rows.

    Raises:
        ModelError: no known set of strides gives so many.
    """
    tried = [cells_of(size_hw, strides) for strides in STRIDES]
    for cells in tried:
        if len(cells.stride) == rows:
            return cells
    counts = " or ".join(str(len(cells.stride)) for cells in tried)
    raise source.refuse(f"{counts} rows for a {size_hw[0]}x{size_hw[1]} input (a row for each cell of YOLOX's grids)")


def check_output(source: SourceModel, shape: tuple[int, ...], head: YoloxHead) -> None:
    """Refuse what is not a YOLOX output; ``shape`` is that of a run.

    Raises:
        ModelError: the rank is wrong or the person class is beyond the last column.
    """
    if len(source.outputs) != 1 or len(shape) != 3:
        raise source.refuse("one output [N, rows, 5 + classes] as YOLOX exports it (or use --kind onnx)")
    if head.person_class >= shape[2] - BOX_AND_OBJECTNESS:
        raise source.refuse(f"a column for the person class {head.person_class} after box and objectness")


def write_head(writer: GraphWriter, output: str, head: YoloxHead, cells: Cells) -> tuple[str, str]:
    """(N, A, 5 + classes) -> candidates: boxes (N, A, 4) xyxy pixels, scores (N, A) = objectness x class."""
    centre, size = writer.columns(output, 0, 2), writer.columns(output, 2, 4)
    if not head.decoded:
        stride = writer.constant(cells.stride[None], np.float32)
        centre = writer.add("Mul", writer.add("Add", centre, writer.constant(cells.corner[None], np.float32)), stride)
        size = writer.add("Mul", writer.add("Exp", size), stride)
    half = writer.add("Mul", size, writer.number(0.5))
    boxes = writer.add("Concat", writer.add("Sub", centre, half), writer.add("Add", centre, half), axis=2)
    column = BOX_AND_OBJECTNESS + head.person_class
    score = writer.add("Mul", writer.columns(output, 4, 5), writer.columns(output, column, column + 1))
    return boxes, writer.add("Reshape", score, writer.integers(0, -1))
