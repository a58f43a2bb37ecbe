"""What a camera does to its picture: light, colour cast, blur and noise of its own. JPEG is the publisher's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sightline.types import UInt8Array

_EFFECT_STREAM = 5


@dataclass(frozen=True, slots=True)
class ImageEffects:
    """Effects of one camera.

    Attributes:
        gains: factors of red, green and blue: exposure and colour cast.
        gamma: below 1 is lighter in the shadows.
        contrast: factor of the distance from middle grey.
        blur_px: sigma of the lens's blur.
        noise: sigma of the sensor's noise, of 255.
        seed: of the noise.
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    contrast: float = 1.0
    blur_px: float = 0.0
    noise: float = 0.0
    seed: int = 0

    def apply(self, image: UInt8Array, time_us: int) -> UInt8Array:
        """uint8 RGB (H, W, 3) as the camera gives it; the same picture and time give the same noise."""
        if self.blur_px > 0:
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), self.blur_px), np.uint8)
        image = np.asarray(cv2.LUT(image, self._curves()), np.uint8)
        return self._noisy(image, time_us) if self.noise > 0 else image

    def _curves(self) -> UInt8Array:
        """uint8 (256, 1, 3)."""
        level = (np.arange(256) / 255)[:, None] ** self.gamma
        bent = 0.5 + (level * np.array(self.gains) - 0.5) * self.contrast
        curves: UInt8Array = np.clip(np.rint(bent * 255), 0, 255).astype(np.uint8)[:, None]
        return curves

    def _noisy(self, image: UInt8Array, time_us: int) -> UInt8Array:
        """The same for the three colours, evenly distributed: a byte a pixel is all the chance it takes."""
        random = np.random.Generator(np.random.SFC64((self.seed, time_us & 0xFFFFFFFF, time_us >> 32)))
        height, width = image.shape[:2]
        raw = np.frombuffer(random.bytes(height * width), np.uint8).reshape(height, width)
        grain = np.rint((np.arange(256) - 127.5) * self.noise / 73.9).astype(np.int64)  # 73.9: sigma of an evenly drawn byte
        light, dark = (cv2.LUT(raw, np.clip(each, 0, 255).astype(np.uint8)) for each in (grain, -grain))
        return np.asarray(cv2.subtract(cv2.add(image, cv2.merge([light] * 3)), cv2.merge([dark] * 3)), np.uint8)


def draw_effects(seed: int, camera: int) -> ImageEffects:
    """The effects of this camera of the world with this seed: each one's pictures differ as real cameras' do."""
    random = np.random.default_rng((seed, _EFFECT_STREAM, camera))
    light, warm, green = (
        float(random.uniform(0.84, 1.12)),
        float(random.uniform(-0.09, 0.09)),
        float(random.uniform(-0.03, 0.03)),
    )
    return ImageEffects(
        gains=(light * (1 + warm), light * (1 + green), light * (1 - warm)),
        gamma=float(random.uniform(0.88, 1.16)),
        contrast=float(random.uniform(0.88, 1.08)),
        blur_px=float(random.choice((0.0, 0.5, 0.7, 0.9))),
        noise=float(random.uniform(1.0, 4.0)),
        seed=int(random.integers(2**31)),
    )
