"""Summaries of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of ``count`` samples, in their unit."""

    count: int
    p50: float
    p95: float
    p99: float
    largest: float


def percentiles(samples: Sequence[float]) -> Percentiles:
    """p50, p95, p99 (linear between samples) and the largest.

    Raises:
        ValueError: there are no samples.
    """
    if not samples:
        raise ValueError("expected samples, got none")
    p50, p95, p99 = (float(value) for value in np.percentile(samples, (50, 95, 99)))
    return Percentiles(len(samples), p50, p95, p99, float(max(samples)))


def slope_per_minute(times_s: Sequence[float], values: Sequence[float]) -> float:
    """The straight line through values over time (least squares): how much it climbs a minute; 0 for under two samples.

    Raises:
        ValueError: not as many times as values.
    """
    if len(times_s) != len(values):
        raise ValueError(f"expected as many times as values, got {len(times_s)} and {len(values)}")
    if len(times_s) < 2:
        return 0.0
    return 60 * float(np.polyfit(np.asarray(times_s) - times_s[0], values, 1)[0])
