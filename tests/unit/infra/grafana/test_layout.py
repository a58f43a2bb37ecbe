"""Panels find their places."""

from __future__ import annotations

from infra.grafana.board import Kind, Panel, Section
from infra.grafana.layout import Place, placed


def panel(number: int, size: tuple[int, int] | None = None, kind: Kind = Kind.GRAPH) -> Panel:
    return Panel(number, str(number), {}, "s", "", kind, size=size)


def test_lines_are_as_high_as_their_highest_panel() -> None:
    first = Section("first", (panel(1, (10, 4)), panel(2, (10, 6)), panel(3, (10, 2))))
    second = Section("second", (panel(4, (24, 5)),))

    places = [place for _, place in placed((first, second))]

    assert places == [
        Place(0, 0, 24, 1),
        Place(0, 1, 10, 4),
        Place(10, 1, 10, 6),
        Place(0, 7, 10, 2),
        Place(0, 9, 24, 1),
        Place(0, 10, 24, 5),
    ]


def test_a_kind_has_its_usual_size() -> None:
    [_, (_, stat), (_, graph)] = placed((Section("s", (panel(1, kind=Kind.STAT), panel(2))),))
    assert (stat.w, stat.h) == (6, 3)
    assert (graph.x, graph.w, graph.h) == (6, 8, 7)
