"""A constant-velocity Kalman filter over boxes, for all tracks of a camera at once.

The four numbers of a box (centre x, centre y, width, height; pixels) move independently of one another, so each is a
filter of two states, position and velocity, with a 2x2 covariance: no 8x8 matrices, no inversions, and time between
frames may vary (frames are shed, cameras stutter). Legend: N tracks.

Noise is in parts of the box's height, as in SORT and ByteTrack (Zhang et al., ECCV 2022): a person near the camera moves
more pixels than one far away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.types import Float32Array

Float64Array = NDArray[np.float64]

_MEASUREMENT_STD = 0.05
"""Of a detected coordinate, in box heights."""
_ACCELERATION_STD = 0.5
"""Of the white acceleration between frames, in box heights per second squared."""
_FIRST_VELOCITY_STD = 0.6
"""Of a new track's velocity, in box heights per second: a brisk walk."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where N boxes are and how sure we are.

    Attributes:
        position, velocity: float64 (N, 4): centre x, centre y, width, height in pixels, and per second.
        covariance: float64 (N, 4, 3): variance of position, covariance, variance of velocity.
    """

    position: Float64Array
    velocity: Float64Array
    covariance: Float64Array

    @classmethod
    def begin(cls, boxes_xyxy: Float32Array) -> Motion:
        """New tracks at these boxes, standing still. (N, 4)."""
        position = _to_centre(boxes_xyxy)
        height = position[:, 3:]
        covariance = np.zeros((len(position), 4, 3))
        covariance[..., 0] = (_MEASUREMENT_STD * height) ** 2
        covariance[..., 2] = (_FIRST_VELOCITY_STD * height) ** 2
        return cls(position, np.zeros_like(position), covariance)

    @property
    def boxes_xyxy(self) -> Float32Array:
        """Float32 (N, 4)."""
        half = np.maximum(self.position[:, 2:], 1.0) / 2
        centre = self.position[:, :2]
        return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)

    def predict(self, seconds: Float64Array) -> Motion:
        """The same tracks later; ``seconds`` float64 (N,) >= 0."""
        dt = seconds[:, None]
        noise = (_ACCELERATION_STD * self.position[:, 3:]) ** 2
        pp, pv, vv = np.moveaxis(self.covariance, -1, 0)
        covariance = np.stack(
            [
                pp + 2 * dt * pv + dt**2 * vv + noise * dt**4 / 4,
                pv + dt * vv + noise * dt**3 / 2,
                vv + noise * dt**2,
            ],
            axis=-1,
        )
        return Motion(self.position + dt * self.velocity, self.velocity, covariance)

    def correct(self, boxes_xyxy: Float32Array) -> Motion:
        """The same tracks after each was measured at a box. (N, 4)."""
        measured = _to_centre(boxes_xyxy)
        pp, pv, vv = np.moveaxis(self.covariance, -1, 0)
        innovation_variance = pp + (_MEASUREMENT_STD * measured[:, 3:]) ** 2
        gain_p, gain_v = pp / innovation_variance, pv / innovation_variance
        innovation = measured - self.position
        covariance = np.stack([(1 - gain_p) * pp, (1 - gain_p) * pv, vv - gain_v * pv], axis=-1)
        return Motion(self.position + gain_p * innovation, self.velocity + gain_v * innovation, covariance)

    def surprise(self, boxes_xyxy: Float32Array) -> tuple[Float64Array, Float64Array]:
        """How far D boxes are from where N tracks are thought to be. (D, 4) -> two of (N, D).

        Returns:
            The squared Mahalanobis distance of the four numbers, and the logarithm of the volume that they may lie in, in box
            heights: the sum of both is twice the negative logarithm of the likelihood, but for a constant.
        """
        measured = _to_centre(boxes_xyxy)
        variance = self.covariance[:, None, :, 0] + (_MEASUREMENT_STD * measured[None, :, 3:]) ** 2
        squared = ((measured[None] - self.position[:, None]) ** 2 / variance).sum(axis=2)
        heights = np.maximum(self.position[:, None, 3:], 1.0)
        return squared, np.log(variance / heights**2).sum(axis=2)

    def take(self, rows: NDArray[np.int64]) -> Motion:
        """These tracks alone, in this order. (M,) -> M tracks."""
        return Motion(self.position[rows], self.velocity[rows], self.covariance[rows])

    def put(self, rows: NDArray[np.int64], other: Motion) -> Motion:
        """A copy in which ``rows`` are those of ``other``."""
        position, velocity, covariance = self.position.copy(), self.velocity.copy(), self.covariance.copy()
        position[rows], velocity[rows], covariance[rows] = other.position, other.velocity, other.covariance
        return Motion(position, velocity, covariance)

    def append(self, other: Motion) -> Motion:
        """These tracks, then those of ``other``."""
        return Motion(
            np.concatenate([self.position, other.position]),
            np.concatenate([self.velocity, other.velocity]),
            np.concatenate([self.covariance, other.covariance]),
        )


def _to_centre(boxes_xyxy: Float32Array) -> Float64Array:
    boxes = boxes_xyxy.astype(np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.concatenate([boxes[:, :2] + sides / 2, sides], axis=1)
