"""How many key points are found: PCK, and how well confidences tell seen joints from hidden ones.

Legend: N people, J = 19 joints of :data:`sightline.skeleton.JOINTS`. Places are pixels of each person's own picture (never of a
stretched crop: a distance must mean the same in every direction).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.skeleton import indices
from sightline.types import Float32Array

TORSO = ("left_shoulder", "right_hip")
"""Ends of the length that PCK@0.2 on Leeds Sports Pose is relative to (Yang and Ramanan, TPAMI 2013)."""
HEAD = ("head_top", "neck")
"""Ends of the length that PCKh is relative to (Andriluka et al., CVPR 2014)."""


def lengths(true: Float32Array, ends: tuple[str, str]) -> Float32Array:
    """How long the part between two joints is in each picture: float32 (N,), pixels; NaN where an end is not known.

    Args:
        true: float32 (N, J, 3): x, y, confidence; 0 = not known.
        ends: names of the joints.
    """
    first, second = indices(ends)
    distance = np.linalg.norm(true[:, first, :2] - true[:, second, :2], axis=1)
    known = (true[:, [first, second], 2] > 0).all(axis=1)
    return np.where(known, distance, np.nan).astype(np.float32)


def correct(found: Float32Array, true: Float32Array, lengths: Float32Array, part: float) -> NDArray[np.float32]:
    """Whether each joint is found: float32 (N, J) of 1 and 0; NaN where it does not count.

    A joint counts if it is known, and so is the length; it is found if it is at most ``part`` of the length away.

    Args:
        found: float32 (N, J, 2).
        true: float32 (N, J, 3): x, y, confidence; 0 = not known.
        lengths: float32 (N,), pixels.
        part: 0.2 of the torso, 0.5 of the head.

    Raises:
        ValueError: the shapes do not agree.
    """
    if found.shape != (*true.shape[:2], 2) or true.shape[2:] != (3,) or lengths.shape != true.shape[:1]:
        raise ValueError(f"expected (N, J, 2), (N, J, 3) and (N,), got {found.shape}, {true.shape} and {lengths.shape}")
    away = np.linalg.norm(found - true[..., :2], axis=2)
    counts = (true[..., 2] > 0) & np.isfinite(lengths)[:, None]
    return np.where(counts, away <= part * lengths[:, None], np.nan).astype(np.float32)


def pck(found: Float32Array, true: Float32Array, *, ends: tuple[str, str] = TORSO, part: float = 0.2) -> float:
    """The part of all joints that count which is found, see :func:`correct`; NaN where none counts."""
    hits = correct(found, true, lengths(true, ends), part)
    counted = hits[np.isfinite(hits)]
    return float(counted.mean()) if len(counted) else float("nan")


def pck_by_joint(found: Float32Array, true: Float32Array, *, ends: tuple[str, str] = TORSO, part: float = 0.2) -> Float32Array:
    """:func:`pck` of each joint: float32 (J,)."""
    hits = correct(found, true, lengths(true, ends), part)
    counts = np.isfinite(hits).sum(axis=0)
    right = np.nansum(hits, axis=0)
    return np.where(counts > 0, right / np.maximum(counts, 1), np.nan).astype(np.float32)


def separation(confidence: Float32Array, seen: NDArray[np.bool_]) -> float:
    """How often a joint that is seen has a higher confidence than one that is not (ties count half): the area under ROC.

    Args:
        confidence: float32 (M,).
        seen: bool (M,).

    Returns:
        In [0, 1]; 0.5 = says nothing; NaN where all are seen, or none.
    """
    hidden = np.sort(confidence[~seen])
    if not len(hidden) or seen.sum() == 0:
        return float("nan")
    below, not_above = (np.searchsorted(hidden, confidence[seen], side) for side in ("left", "right"))
    return float((below + not_above).mean() / (2 * len(hidden)))
