"""One sample on its way to the net: a picture, and what is known of its pixels, which goes wherever they go.

Legend: H x W pixels, J = 19 joints of :data:`sightline.skeleton.JOINTS`. Positions are continuous pixels: the top-left pixel
covers [0, 1) x [0, 1), so that a resize is a multiplication, and a flip of width W takes x to W - x.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.body_model.parts import FLIP as PART_FLIP
from sightline.body_model.parts import UNPAIRED
from sightline.skeleton import FLIP, JOINTS
from sightline.types import Float32Array, UInt8Array
from training.augment.iuv_resize import resized_iuv
from training.nets.normalise import IMAGENET_MEAN

MEAN_COLOUR = tuple(round(255 * mean) for mean in IMAGENET_MEAN)
"""What is filled in where nothing is known: near 0 for the net."""

_JOINT_FLIP = np.array(FLIP)

UNKNOWN_PART = 255
"""The part id of a pixel of which nobody knows what it shows: no loss is taken of it."""

_PART_FLIP = np.array([*PART_FLIP, *range(len(PART_FLIP), UNKNOWN_PART + 1)], np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the net will see, so far. Nothing in it is ever changed in place: a cached picture is shared by all its views.

    Attributes:
        image: uint8 RGB (H, W, 3).
        keypoints: float32 (J, 3): x, y in pixels and a confidence; 0 = invisible. None = not known.
        iuv: uint8 (H, W, 3) of the same pixels: part 0 to 24 or :data:`UNKNOWN_PART`, u and v as parts of 255. None = not
            known.

    Raises:
        ValueError: another shape or dtype.
    """

    image: UInt8Array
    keypoints: Float32Array | None = None
    iuv: UInt8Array | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(f"image: expected uint8 (H, W, 3), got {self.image.dtype} {self.image.shape}")
        if self.keypoints is not None and self.keypoints.shape != (len(JOINTS), 3):
            raise ValueError(f"keypoints: expected ({len(JOINTS)}, 3), got {self.keypoints.shape}")
        if self.iuv is not None and (self.iuv.shape != self.image.shape or self.iuv.dtype != np.uint8):
            raise ValueError(f"iuv: expected uint8 {self.image.shape}, got {self.iuv.dtype} {self.iuv.shape}")

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.image.shape[0], self.image.shape[1]

    def cut(self, left: int, top: int, size_hw: tuple[int, int]) -> View:
        """The window of these pixels; joints outside it are invisible. It must lie within the picture."""
        height, width = size_hw
        window = np.s_[top : top + height, left : left + width]
        moved = None if self.keypoints is None else _moved(self.keypoints, -left, -top)
        keypoints = None if moved is None else hidden(moved, ~_within(moved, size_hw))
        return View(self.image[window], keypoints, None if self.iuv is None else self.iuv[window])

    def resized(self, size_hw: tuple[int, int]) -> View:
        """Stretched to a size: the picture as :func:`sightline.geometry.crop` does, coordinates as :func:`resized_iuv`."""
        height, width = size_hw
        if size_hw == self.size_hw:
            return self
        scale = np.array([width / self.size_hw[1], height / self.size_hw[0], 1], np.float32)
        return View(
            np.asarray(cv2.resize(self.image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8),
            None if self.keypoints is None else self.keypoints * scale,
            None if self.iuv is None else resized_iuv(self.iuv, size_hw),
        )

    def warped(self, matrix: NDArray[np.float64], size_hw: tuple[int, int]) -> View:
        """Moved by an affine map and cut to a size; what comes in from outside is of the mean colour, and of no part.

        Args:
            matrix: (2, 3), from positions here to positions there.
            size_hw: height and width there.
        """
        # OpenCV counts from the middle of the first pixel, we from its corner.
        centred = matrix.copy()
        centred[:, 2] += 0.5 * (matrix[:, 0] + matrix[:, 1]) - 0.5
        size_wh, nearest = (size_hw[1], size_hw[0]), cv2.INTER_NEAREST
        image = cv2.warpAffine(self.image, centred, size_wh, flags=cv2.INTER_LINEAR, borderValue=MEAN_COLOUR)
        iuv = None if self.iuv is None else np.asarray(cv2.warpAffine(self.iuv, centred, size_wh, flags=nearest), np.uint8)
        keypoints = None
        if self.keypoints is not None:
            keypoints = self.keypoints.copy()
            keypoints[:, :2] = self.keypoints[:, :2] @ matrix[:, :2].T.astype(np.float32) + matrix[:, 2].astype(np.float32)
            keypoints = hidden(keypoints, (self.keypoints[:, 2] <= 0) | ~_within(keypoints, size_hw))
        return View(np.asarray(image, np.uint8), keypoints, iuv)

    def covered(self, left: int, top: int, pixels: UInt8Array) -> View:
        """With something before it: these pixels (h, w, 3), at this place; what they cover is hidden, and of no part."""
        height, width = pixels.shape[:2]
        window = np.s_[top : top + height, left : left + width]
        image, keypoints, iuv = self.image.copy(), self.keypoints, self.iuv
        image[window] = pixels
        if keypoints is not None:
            x, y = keypoints[:, 0] - left, keypoints[:, 1] - top
            keypoints = hidden(keypoints, (x >= 0) & (x < width) & (y >= 0) & (y < height))
        if iuv is not None:
            iuv = iuv.copy()
            iuv[window] = 0
        return View(image, keypoints, iuv)

    def mirrored(self) -> View:
        """Left to right: joints and parts change sides, the torso's v runs the other way."""
        keypoints = None
        if self.keypoints is not None:
            keypoints = self.keypoints[_JOINT_FLIP]
            keypoints[:, 0] = np.where(keypoints[:, 2] > 0, self.size_hw[1] - keypoints[:, 0], 0)
        return View(_flipped(self.image), keypoints, None if self.iuv is None else _mirrored_iuv(self.iuv))

    def padded(self, pixels: int) -> View:
        """With so many pixels of the mean colour on each side, of which nothing is known."""
        around = (pixels, pixels, pixels, pixels, cv2.BORDER_CONSTANT)
        image = cv2.copyMakeBorder(self.image, *around, value=MEAN_COLOUR)
        iuv = None if self.iuv is None else np.asarray(cv2.copyMakeBorder(self.iuv, *around, value=(0, 0, 0)), np.uint8)
        keypoints = None if self.keypoints is None else _moved(self.keypoints, pixels, pixels)
        return View(np.asarray(image, np.uint8), keypoints, iuv)

    def recoloured(self, image: UInt8Array) -> View:
        """The same places in other colours."""
        return replace(self, image=image)


def hidden(keypoints: Float32Array, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Float32Array:
    """Key points (J, 3) of which some (J,) are invisible: all zeros."""
    return np.where(which[:, None], np.float32(0), keypoints)


def _moved(keypoints: Float32Array, right: int, down: int) -> Float32Array:
    """The visible ones elsewhere; the invisible stay zeros."""
    moved = keypoints + np.array([right, down, 0], np.float32)
    return hidden(moved, keypoints[:, 2] <= 0)


def _within(keypoints: Float32Array, size_hw: tuple[int, int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    x, y = keypoints[:, 0], keypoints[:, 1]
    return np.asarray((x >= 0) & (y >= 0) & (x <= size_hw[1]) & (y <= size_hw[0]))


def _flipped(image: UInt8Array) -> UInt8Array:
    return np.asarray(cv2.flip(image, 1), np.uint8)


def _mirrored_iuv(iuv: UInt8Array) -> UInt8Array:
    """:func:`sightline.body_model.mirror.mirrored`, on bytes."""
    flipped = _flipped(iuv)
    part = _PART_FLIP[flipped[..., 0]]
    v = np.where(np.isin(part, UNPAIRED), 255 - flipped[..., 2], flipped[..., 2])
    return np.stack([part, flipped[..., 1], v], axis=-1)
