"""Pictures with what is known of their pixels, before any augmentation: what training and test sets are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.types import DenseCoordinates, Float32Array, Int64Array, UInt8Array
from training.augment.iuv_resize import resized_iuv
from training.augment.view import View
from training.data.reading import StoredPicture

FitBody = Callable[[Float32Array, tuple[int, int]], DenseCoordinates]
"""Key points float32 (N, J, 3) in [0, 1], height and width -> dense coordinates of N people."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """N pictures. Thread-safe, nothing in it changes.

    Attributes:
        pictures: N.
        keypoints: float32 (N, J, 3), x and y in [0, 1] of the picture and a confidence; None = the set has none.
        iuv: N of uint8 (h, w, 3), see :class:`training.augment.view.View`; None = not known.
    """

    pictures: Sequence[StoredPicture]
    keypoints: Float32Array | None = None
    iuv: Sequence[UInt8Array] | None = None

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def pids(self) -> Int64Array:
        """int64 (N,)."""
        return np.array([stored.picture.pid for stored in self.pictures], np.int64)

    @property
    def camids(self) -> Int64Array:
        """int64 (N,)."""
        return np.array([stored.picture.camid for stored in self.pictures], np.int64)

    def view(self, index: int) -> View:
        """The whole picture.

        Raises:
            InputError: its file is gone or broken by now.
        """
        image = self.pictures[index].pixels()
        height, width = image.shape[:2]
        keypoints = None if self.keypoints is None else self.keypoints[index] * np.array([width, height, 1], np.float32)
        iuv = None if self.iuv is None else resized_iuv(self.iuv[index], (height, width))
        return View(image, keypoints, iuv)


def fitted_iuv(
    pictures: Sequence[StoredPicture],
    keypoints: Float32Array,
    fit: FitBody,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[UInt8Array], int]:
    """Dense coordinates of pictures by their key points, and in how many of them no body was found.

    Args:
        pictures: N.
        keypoints: float32 (N, J, 3), x and y in [0, 1].
        fit: for example :func:`sightline.body_model.fit.fit_dense_coordinates`.
        on_progress: told how many are done, and how many there are.
    """
    maps: list[UInt8Array] = []
    for stored, joints in zip(pictures, keypoints, strict=True):
        width, height = (max(1, round(side * stored.resolution)) for side in stored.size_wh)
        maps.append(iuv_bytes(fit(joints[None], (height, width)))[0])
        on_progress(len(maps), len(pictures))
    return maps, sum(not iuv[..., 0].any() for iuv in maps)


def iuv_bytes(coordinates: DenseCoordinates) -> UInt8Array:
    """uint8 (N, h, w, 3): part, and u and v as parts of 255."""
    uv = (np.stack([coordinates.u, coordinates.v], axis=-1) * 255).round().astype(np.uint8)
    return np.concatenate([coordinates.part[..., None], uv], axis=-1)


def dense_coordinates(iuv: UInt8Array) -> DenseCoordinates:
    """The inverse of :func:`iuv_bytes`."""
    uv = iuv[..., 1:].astype(np.float32) / np.float32(255)
    return DenseCoordinates(np.ascontiguousarray(iuv[..., 0]), uv[..., 0], uv[..., 1])
