"""Block characters for a figure's past."""

from __future__ import annotations

import pytest

from sightline.cli.sparkline import sparkline


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ((0, 1, 2, 3, 4, 5, 6, 7), 8, "▁▂▃▄▅▆▇█"),
        ((0, 0, 9, 0), 2, "▁█"),  # a spike is not averaged away
        ((None, 4, None, 4), 4, " █ █"),
        ((None, None, 4, None), 2, " █"),
        ((0, 0), 2, "▁▁"),
        ((None, None), 2, "  "),
        ((5, 5), 2, "██"),
        ((-1, 1), 2, "▁█"),
        ((1, 2), 4, " ▅ █"),
    ],
)
def test_drawn(values: tuple[float | None, ...], width: int, drawn: str) -> None:
    assert sparkline(values, width=width) == drawn
