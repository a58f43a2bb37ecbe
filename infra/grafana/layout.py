"""Where panels are on Grafana's grid: sections one below the other, each a heading and lines of panels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.grafana.board import GRID_COLUMNS, Kind, Panel, Section

SIZES = {
    Kind.STAT: (6, 3),
    Kind.GRAPH: (8, 7),
    Kind.STACK: (8, 7),
    Kind.HEATMAP: (8, 7),
    Kind.TABLE: (24, 5),
    Kind.TEXT: (24, 6),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on the grid: left upper corner, width, height."""

    x: int
    y: int
    w: int
    h: int


def placed(sections: Sequence[Section]) -> Iterator[tuple[Section | Panel, Place]]:
    """Each heading and each panel with its place, from top to bottom."""
    y = 0
    for section in sections:
        yield section, Place(0, y, GRID_COLUMNS, 1)
        x, y, tallest = 0, y + 1, 0
        for panel in section.panels:
            w, h = panel.size or SIZES[panel.kind]
            if x + w > GRID_COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            yield panel, Place(x, y, w, h)
            x, tallest = x + w, max(tallest, h)
        y += tallest
