"""What colours somebody wears, coarsely and for next to nothing: enough to tell passers-by apart from one frame to the next.

The embedder says this far better, but it sees a few chosen crops of each track, and tracks must be there before. Some 10 us a
person. Legend: D people, N tracks.
"""

from __future__ import annotations

import cv2
import numpy as np

from sightline.types import Float32Array, UInt8Array

BANDS = 6
"""From head to feet."""
COLOURS = BANDS * 4
"""Length of a description: of each band how bright it is, and how much each channel differs from that."""

_MIDDLE = 1 / 6
"""So much of the box is left out on either side: mostly background."""
_CHROMA = 2.0
"""Light changes more than dye: differences between the channels count more than brightness."""


def band_colours(image: UInt8Array, boxes_xyxy: Float32Array) -> Float32Array:
    """Mean colours of the middle of each box, band by band. (H, W, 3), (D, 4) pixels -> float32 (D, COLOURS).

    A box with nothing of the picture in it is NaN: not known.
    """
    means = np.full((len(boxes_xyxy), BANDS, 3), np.nan, np.float32)
    for row, (left, top, right, bottom) in enumerate(_middles(boxes_xyxy, image)):
        if left < right and top < bottom:
            means[row] = cv2.resize(image[top:bottom, left:right], (1, BANDS), interpolation=cv2.INTER_AREA)[:, 0]
    brightness = means.mean(axis=2, keepdims=True)
    described = np.concatenate([brightness, _CHROMA * (means - brightness)], axis=2) / 255
    return described.reshape(len(boxes_xyxy), COLOURS).astype(np.float32)


def colour_distances(first: Float32Array, second: Float32Array) -> Float32Array:
    """Root mean square of the differences, 0 where one of the two is not known. (N, COLOURS), (D, COLOURS) -> (N, D)."""
    squares = (first[:, None] - second[None]) ** 2
    return np.asarray(np.nan_to_num(np.sqrt(squares.mean(axis=2))), np.float32)


def blended(former: Float32Array, latest: Float32Array) -> Float32Array:
    """What is remembered of somebody seen again: the mean of both, or the one that is known. (M, COLOURS), (M, COLOURS)."""
    mean = (former + latest) / 2
    return np.where(np.isnan(mean), np.where(np.isnan(latest), former, latest), mean)


def _middles(boxes_xyxy: Float32Array, image: UInt8Array) -> list[list[int]]:
    """The middle of each box within the picture, whole pixels."""
    left, top, right, bottom = boxes_xyxy.T
    margin = (right - left) * _MIDDLE
    height, width = image.shape[:2]
    edges = np.stack([left + margin, top, right - margin, bottom], axis=1)
    inside = np.clip(edges, 0, [width, height, width, height])
    whole: list[list[int]] = np.asarray(np.rint(inside), np.int64).tolist()
    return whole
