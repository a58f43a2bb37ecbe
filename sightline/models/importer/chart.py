"""The head of DensePose as detectron2 has it (the chart predictor; Guler et al., CVPR 2018), over one person's crop.

Four outputs of one height and width: ``coarse_segm`` (N, 2 or 15, h, w), body or not; ``fine_segm`` (N, 25, h, w), which part
or none; ``u`` and ``v`` (N, 25, h, w), on each part. A cell shows the part of the greatest fine value where coarsely there is
a body at all, else background; u and v are that part's, cut to [0, 1].

These are DensePose's own charts: part ids are ours, but u and v of left and right parts are no mirror images of one another.
"""

from __future__ import annotations

from collections.abc import Mapping

from sightline.models.importer.graph import GraphWriter
from sightline.models.importer.source import SourceModel

CLASSES = 25
COARSE_CLASSES = (2, 15)


def check_chart(source: SourceModel, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, int]:
    """h and w; ``shapes``: of the four outputs by their names here, as a run gave them.

    Raises:
        ModelError: the maps are not of one size, or have not as many classes as the predictor's.
    """
    cells = {shape[2:] for shape in shapes.values()}
    if shapes["coarse_segm"][1] not in COARSE_CLASSES or len(cells) != 1:
        raise source.refuse(f"coarse_segm [N, 2 or 15, h, w], and fine_segm, u, v [N, {CLASSES}, h, w] of the same h and w")
    height, width = cells.pop()
    return height, width


def write_chart(writer: GraphWriter, maps: Mapping[str, str], cells_hw: tuple[int, int]) -> tuple[str, str, str]:
    """float32 maps -> part uint8 (N, h, w), u and v float32 (N, h, w) in [0, 1]; all 0 on the background.

    Args:
        writer: the graph.
        maps: ``coarse_segm``, ``fine_segm``, ``u``, ``v`` -> tensor.
        cells_hw: h and w.
    """
    coarsely, finely = (writer.add("ArgMax", maps[name], axis=1, keepdims=1) for name in ("coarse_segm", "fine_segm"))
    is_body = writer.cast(writer.cast(coarsely, "bool"), "int64")
    part = writer.add("Mul", finely, is_body)
    shown = writer.cast(part, "bool")
    flat = writer.integers(0, *cells_hw)
    found = []
    for name in ("u", "v"):
        value = writer.between_0_and_1(writer.add("GatherElements", maps[name], part, axis=1))
        found.append(writer.add("Reshape", writer.add("Where", shown, value, writer.number(0.0)), flat))
    return writer.cast(writer.add("Reshape", part, flat), "uint8"), found[0], found[1]
