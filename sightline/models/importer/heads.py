"""The end of each head's graph: from what a net gives to the tensors of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sightline.models.importer.chart import check_chart, write_chart
from sightline.models.importer.detections import ROWS, write_best_boxes
from sightline.models.importer.embedding import write_unit_length
from sightline.models.importer.graph import GraphWriter
from sightline.models.importer.heatmaps import stride_of, write_heatmaps
from sightline.models.importer.joints import JointOrder
from sightline.models.importer.movenet import write_movenet
from sightline.models.importer.outputs import Shape
from sightline.models.importer.recipe import Head, Recipe
from sightline.models.importer.simcc import bins_a_pixel, write_simcc
from sightline.models.importer.source import SourceModel
from sightline.models.importer.yolox import resolve_cells, write_head

Results = dict[str, tuple[str, str, Shape]]
"""Output name -> (tensor, dtype, shape without the batch)."""


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """What a net gives.

    Attributes:
        source: the file, for messages.
        recipe: how it is wrapped.
        size_hw: of its input, pixels.
        joints: of pose nets whose joints are brought into our order.
        tensors: the contract's or the family's name -> tensor in the graph.
        shapes: of the same, as a run on one picture gave them.
    """

    source: SourceModel
    recipe: Recipe
    size_hw: tuple[int, int]
    joints: JointOrder | None
    tensors: Mapping[str, str]
    shapes: Mapping[str, Shape]

    def cells_hw(self, name: str) -> tuple[int, int]:
        """Height and width of a map."""
        height, width = self.shapes[name][-2:]
        return height, width


def write_results(tail: GraphWriter, raw: Raw) -> Results:
    """The contract's outputs of a net, by name.

    Raises:
        ModelError: the outputs are not the head's.
    """
    return _HEADS[raw.recipe.head](tail, raw)


def _yolox(tail: GraphWriter, raw: Raw) -> Results:
    cells = resolve_cells(raw.source, raw.shapes["output"][1], raw.size_hw)
    boxes, scores = write_head(tail, tail.cast(raw.tensors["output"], "float32"), raw.recipe.yolox, cells)
    return _detections(*write_best_boxes(tail, boxes, scores, suppression=raw.recipe.yolox.suppression))


def _boxes(tail: GraphWriter, raw: Raw) -> Results:
    boxes, scores = (tail.cast(raw.tensors[name], "float32") for name in ("boxes", "scores"))
    return _detections(*write_best_boxes(tail, boxes, scores, suppression=raw.recipe.suppression))


def _detections(boxes: str, scores: str) -> Results:
    return {"boxes": (boxes, "float32", (ROWS, 4)), "scores": (scores, "float32", (ROWS,))}


def _embedding(tail: GraphWriter, raw: Raw) -> Results:
    dimension = raw.shapes["embedding"][1]
    vector = write_unit_length(tail, tail.cast(raw.tensors["embedding"], "float32"), dimension)
    return {"embedding": (vector, "float32", (dimension,))} | _as_they_are(tail, raw, "attributes")


def _keypoints(tail: GraphWriter, raw: Raw) -> Results:
    return _as_they_are(tail, raw, "xy", "confidence")


def _simcc(tail: GraphWriter, raw: Raw) -> Results:
    x, y = (tail.cast(raw.tensors[name], "float32") for name in ("simcc_x", "simcc_y"))
    bins = bins_a_pixel(raw.source, raw.shapes["simcc_x"][2], raw.shapes["simcc_y"][2], raw.size_hw)
    return _ordered(tail, raw, *write_simcc(tail, x, y, bins))


def _heatmaps(tail: GraphWriter, raw: Raw) -> Results:
    cells_hw = raw.cells_hw("heatmaps")
    stride = stride_of(raw.source, cells_hw, raw.size_hw)
    return _ordered(tail, raw, *write_heatmaps(tail, tail.cast(raw.tensors["heatmaps"], "float32"), cells_hw, stride))


def _movenet(tail: GraphWriter, raw: Raw) -> Results:
    output = tail.cast(raw.tensors["joints"], "float32")
    return _ordered(tail, raw, *write_movenet(tail, output, raw.shapes["joints"][2], raw.size_hw))


def _ordered(tail: GraphWriter, raw: Raw, xy: str, confidence: str) -> Results:
    """The joints that our skeleton has, in its order."""
    assert raw.joints is not None, "every pose net of a family has an order"
    rows, count = tail.integers(*raw.joints.rows), len(raw.joints.rows)
    return {
        "xy": (tail.add("Gather", xy, rows, axis=1), "float32", (count, 2)),
        "confidence": (tail.add("Gather", confidence, rows, axis=1), "float32", (count,)),
    }


def _densepose(tail: GraphWriter, raw: Raw) -> Results:
    part = (tail.cast(raw.tensors["part"], "uint8"), "uint8", raw.shapes["part"][1:])
    return {"part": part} | _as_they_are(tail, raw, "u", "v")


def _chart(tail: GraphWriter, raw: Raw) -> Results:
    cells_hw = check_chart(raw.source, raw.shapes)
    maps = {name: tail.cast(tensor, "float32") for name, tensor in raw.tensors.items()}
    part, u, v = write_chart(tail, maps, cells_hw)
    return {"part": (part, "uint8", cells_hw), "u": (u, "float32", cells_hw), "v": (v, "float32", cells_hw)}


def _as_they_are(tail: GraphWriter, raw: Raw, *names: str) -> Results:
    present = [name for name in names if name in raw.tensors]
    return {name: (tail.cast(raw.tensors[name], "float32"), "float32", raw.shapes[name][1:]) for name in present}


_HEADS: Mapping[Head, Callable[[GraphWriter, Raw], Results]] = {
    "yolox": _yolox,
    "boxes": _boxes,
    "embedding": _embedding,
    "keypoints": _keypoints,
    "simcc": _simcc,
    "heatmaps": _heatmaps,
    "movenet": _movenet,
    "densepose": _densepose,
    "chart": _chart,
}
