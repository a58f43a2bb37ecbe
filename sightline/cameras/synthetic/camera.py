"""A calibrated pinhole camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import Float64Array, Vector


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """Where a camera stands, where it looks, and its lens; without distortion.

    A point p of the world is ``rotation @ (p - position)`` in the camera's frame (right, down, forward) and falls on the pixel
    ``focal_px * (right, down) / forward + centre``; pixel (0, 0) covers [0, 1) in both directions.

    Attributes:
        position: float64 (3,), metres.
        rotation: float64 (3, 3), world to camera.
        focal_px: focal length in pixels, the same in both directions.
        size_wh: width and height of its pictures, pixels; the optical axis goes through the middle.
    """

    position: Float64Array
    rotation: Float64Array
    focal_px: float
    size_wh: tuple[int, int]

    @property
    def intrinsics(self) -> Float64Array:
        """float64 (3, 3): camera frame to homogeneous pixels."""
        width, height = self.size_wh
        return np.array([[self.focal_px, 0, width / 2], [0, self.focal_px, height / 2], [0, 0, 1]], np.float64)

    def to_camera(self, points: Float64Array) -> Float64Array:
        """World (..., 3) -> right, down, forward (..., 3), metres."""
        return (points - self.position) @ self.rotation.T

    def project(self, points: Float64Array) -> tuple[Float64Array, Float64Array]:
        """World (N, 3) -> pixels (N, 2) and depths (N,) in metres; pixels of points behind the camera mean nothing."""
        seen = self.to_camera(points)
        depth = seen[..., 2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        middle = np.array(self.size_wh, np.float64) / 2
        return seen[..., :2] / safe[..., None] * self.focal_px + middle, depth

    def finer(self, factor: int) -> Camera:
        """The same camera with so many times the pixels each way."""
        width, height = self.size_wh
        return Camera(self.position, self.rotation, self.focal_px * factor, (width * factor, height * factor))


def looking_at(position: Vector, target: Vector, *, focal_px: float, size_wh: tuple[int, int]) -> Camera:
    """A camera whose optical axis meets ``target``, and whose picture stands upright.

    Raises:
        ValueError: it would look straight up or down.
    """
    eye = np.array(position, np.float64)
    forward = np.array(target, np.float64) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    if np.linalg.norm(right) < 1e-6:
        raise ValueError(f"expected a camera that does not look straight up or down, got {position} to {target}")
    right /= np.linalg.norm(right)
    return Camera(eye, np.stack([right, np.cross(forward, right), forward]), focal_px, size_wh)
