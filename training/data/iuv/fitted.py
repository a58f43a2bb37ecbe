"""Coordinates by the body model: labels for real people of whom only key points are known.

The model's limbs are narrower than clothes, so nobody knows what the pixels beside the silhouette show: they are
:data:`~training.augment.view.UNKNOWN_PART`. Farther off is background.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from sightline.body_model.fit import fit_dense_coordinates
from sightline.types import UInt8Array
from training.augment.view import UNKNOWN_PART
from training.data.samples import Samples, fitted_iuv

BAND = 0.06
"""How far beside the silhouette nothing is known, as a part of the longer side of what it covers: a coat's or skirt's width."""


def with_fitted_maps(samples: Samples, on_progress: Callable[[int, int], None] = lambda done, total: None) -> Samples:
    """The samples on which a body was found, with its coordinates and the band around it.

    Args:
        samples: with key points.
        on_progress: told how many are done, and how many there are.

    Raises:
        ValueError: there are no key points.
    """
    if samples.keypoints is None:
        raise ValueError("expected samples with key points: the body model is fitted to them")
    maps, _ = fitted_iuv(samples.pictures, samples.keypoints, fit_dense_coordinates, on_progress)
    found = [row for row, iuv in enumerate(maps) if iuv[..., 0].any()]
    return Samples(
        [samples.pictures[row] for row in found],
        samples.keypoints[found],
        [with_unknown_band(maps[row]) for row in found],
    )


def with_unknown_band(iuv: UInt8Array) -> UInt8Array:
    """The map (h, w, 3) with the background near the body made :data:`~training.augment.view.UNKNOWN_PART`."""
    body = np.asarray(iuv[..., 0] > 0, np.uint8)
    rows, columns = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    if not len(rows):
        return iuv
    reach = max(1, round(BAND * max(rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0])))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    band = (cv2.dilate(body, disc) > 0) & (body == 0)
    out = iuv.copy()
    out[band] = (UNKNOWN_PART, 0, 0)
    return out
