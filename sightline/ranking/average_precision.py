"""Average precision of one query, in the three variants that papers report under one name."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

AveragePrecision = Literal["non_interpolated", "trapezoidal", "interpolated"]
VARIANTS: tuple[AveragePrecision, ...] = get_args(AveragePrecision)


def precision_of(ranks: NDArray[np.integer], kind: AveragePrecision) -> float:
    """Average precision in (0, 1].

    Args:
        ranks: (H,) of all right answers, ascending, from 1. The i-th of them is found at precision i / rank.
        kind: ``non_interpolated``, the mean of these; ``trapezoidal``, as Market-1501's own MATLAB code integrates them;
            ``interpolated``, the mean of the best precision at that recall or above.

    Raises:
        ValueError: there is no such variant.
    """
    found = np.arange(1, len(ranks) + 1)
    precision = found / ranks
    if kind == "non_interpolated":
        return float(precision.mean())
    if kind == "interpolated":
        return float(np.maximum.accumulate(precision[::-1]).mean())
    if kind == "trapezoidal":
        # The left side of each trapezium is the precision one rank before; before the first rank it is 1.
        left = np.where(ranks > 1, (found - 1) / np.maximum(ranks - 1, 1), 1.0)
        return float(((left + precision) / 2).mean())
    raise ValueError(f"average_precision: expected non_interpolated, trapezoidal or interpolated, got {kind!r}")
