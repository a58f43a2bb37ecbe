"""The pictures that are wound round a person's limbs: rows run along the limb, columns round it.

Column angles run from -pi (the middle of the back) over 0 (the front) to pi; positive angles are on the person's left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray
from sightline.cameras.synthetic.colours import Colour
from sightline.cameras.synthetic.outfit import Cloth
from sightline.types import Float32Array, UInt8Array

SIDE = 96
"""Rows and columns of a texture."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A texture in the making.

    Attributes:
        pixels: float32 (SIDE, SIDE, 3), RGB.
        u: float32 (SIDE, 1): from the limb's first cap, 0, to its last, 1.
        angles: float32 (1, SIDE).
        length: metres from cap to cap.
        radius: metres.
    """

    pixels: Float32Array
    u: Float32Array
    angles: Float32Array
    length: float
    radius: float

    def paint(self, where: BoolArray, colour: Colour) -> None:
        """Colour the cells that are marked; ``where`` is broadcast."""
        self.pixels[np.broadcast_to(where, (SIDE, SIDE))] = colour

    def finished(self, random: np.random.Generator, *, folds: float = 0.05) -> UInt8Array:
        """uint8 (SIDE, SIDE, 3): with the soft folds of cloth."""
        noise = random.standard_normal((SIDE // 8, SIDE // 6)).astype(np.float32)
        soft = np.asarray(cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)
        shaded = self.pixels * (1 + np.float32(folds) * np.clip(soft, -2, 2))[..., None]
        return np.clip(shaded, 0, 255).astype(np.uint8)


def canvas(colour: Colour, *, length: float, radius: float) -> Canvas:
    """One colour all over."""
    pixels = np.empty((SIDE, SIDE, 3), np.float32)
    pixels[:] = colour
    u = ((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE)[:, None].astype(np.float32)
    angles = ((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 * math.pi - math.pi).astype(np.float32)[None]
    return Canvas(pixels, u, angles, length, radius)


def dress(on: Canvas, cloth: Cloth, where: BoolArray, *, from_u: float = 0.0) -> None:
    """Clothe the marked cells in a garment with its pattern; ``from_u`` is where the garment begins on this limb."""
    on.paint(where, cloth.colour)
    on.paint(where & _pattern(on, cloth, from_u), cloth.second)


def _pattern(on: Canvas, cloth: Cloth, from_u: float) -> BoolArray:
    down = (on.u - np.float32(from_u)) * np.float32(on.length) / np.float32(cloth.period)
    around = on.angles * np.float32(on.radius / cloth.period)
    marked = {
        "rings": down % 1 < 0.34,
        "pinstripes": around % 0.5 < 0.12,
        "checks": (down % 1 < 0.22) | (around % 1 < 0.22),
        "block": (down > 1.2) & (down < 2.0),
        "print": ((down - 1.9) ** 2 + around**2 < 0.45) & (on.radius > 0.08),
        "side_stripe": np.abs(np.abs(on.angles) - math.pi / 2) < 0.25,
    }.get(cloth.pattern, np.zeros((1, 1), np.bool_))
    return np.broadcast_to(marked, (SIDE, SIDE))
