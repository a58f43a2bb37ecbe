"""A figure's last minutes in one row of block characters."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = " "


def sparkline(values: Sequence[float | None], *, width: int) -> str:
    """``width`` characters, the oldest value first; the foot of a block is 0, the top the highest value. None is a gap.

    Where values share a character, the highest is shown: a short spike must not vanish.
    """
    bins = [
        [value for value in values[len(values) * at // width : len(values) * (at + 1) // width] if value is not None]
        for at in range(width)
    ]
    heights = [max(some) if some else None for some in bins]
    top = max((height for height in heights if height is not None), default=0.0)
    return "".join(GAP if height is None else _block(height, top) for height in heights)


def _block(height: float, top: float) -> str:
    return BLOCKS[0] if top <= 0 else BLOCKS[max(0, min(len(BLOCKS) - 1, round(height / top * (len(BLOCKS) - 1))))]
