"""Random brightness, contrast and saturation: another camera, another light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.types import UInt8Array
from training.augment.view import View

LUMA = (0.299, 0.587, 0.114)
"""Of RGB, ITU-R BT.601: what a grey picture of it shows."""


@dataclass(frozen=True, slots=True)
class ColourJitter:
    """Factors of brightness, contrast and saturation, each drawn from [1 - strength, 1 + strength].

    Brightness is a factor of every pixel. Contrast moves pixels away from the picture's mean grey, saturation from
    their own grey. The three are one affine map of a pixel, rounded and clipped once at its end.
    """

    strength: float

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        brightness, contrast, saturation = rng.uniform(1 - self.strength, 1 + self.strength, 3)
        return view.recoloured(jittered(view.image, float(brightness), float(contrast), float(saturation)))


def jittered(image: UInt8Array, brightness: float, contrast: float, saturation: float) -> UInt8Array:
    """uint8 RGB (H, W, 3) with other brightness, contrast and saturation; 1 leaves each as it is."""
    luma: NDArray[np.float64] = np.array(LUMA)
    mean_grey = float(luma @ np.array(cv2.mean(image)[:3])) * brightness
    # saturation(rgb) = s rgb + (1 - s) luma . rgb, of contrast(b rgb) = c b rgb + (1 - c) mean grey, which has no colour.
    mixing = saturation * np.eye(3) + (1 - saturation) * np.tile(luma, (3, 1))
    affine = np.column_stack([contrast * brightness * mixing, np.full(3, (1 - contrast) * mean_grey)])
    return np.asarray(cv2.transform(image, affine), np.uint8)
