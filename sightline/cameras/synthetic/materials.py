"""How floors, walls and furniture look: a place on a face in, a colour out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.cameras.synthetic.arrays import BoolArray
from sightline.cameras.synthetic.colours import Colour
from sightline.types import Float32Array

WALLS: tuple[Colour, ...] = ((222, 214, 200), (200, 210, 214), (214, 206, 214), (208, 216, 200), (226, 222, 214))
CEILING: Colour = (216, 216, 214)
_POSTERS: tuple[tuple[Colour, Colour], ...] = (
    ((66, 110, 150), (220, 190, 90)), ((170, 76, 62), (236, 220, 190)), ((60, 120, 96), (228, 228, 220)),
    ((90, 84, 130), (230, 150, 110)), ((224, 178, 70), (60, 70, 90)), ((70, 76, 88), (190, 200, 206)),
)  # fmt: skip
_PLAIN: dict[str, Colour] = {
    "frame": (128, 104, 84), "dark": (70, 66, 64), "panel": (188, 180, 168), "pillar": (206, 202, 196), "leaves": (76, 120, 66),
}  # fmt: skip
FLOORS = ("tiles", "boards", "concrete", "carpet")


def floor_colour(kind: str, x: Float32Array, y: Float32Array) -> Float32Array:
    """(n,) metres -> float32 (n, 3) RGB."""
    match kind:
        case "tiles":
            square = (np.floor(x / 0.6) + np.floor(y / 0.6)) % 2
            shade = np.where(square == 0, 186.0, 168.0) * np.where(_joint(x, 0.6) | _joint(y, 0.6), 0.86, 1.0)
            return _tinted(shade, (1.0, 0.98, 0.93))
        case "boards":
            row = np.floor(x / 0.18)
            grain = 1 + 0.07 * np.sin(row * 12.9898) + 0.03 * np.sin(y * 9 + row * 4.1)
            return _tinted(168 * grain * np.where(_joint(x, 0.18), 0.84, 1.0), (1.0, 0.78, 0.55))
        case "carpet":
            bands = 1 + 0.04 * np.sign(np.sin(x * 2.1)) * np.sign(np.sin(y * 2.1))
            return _tinted(126 * bands, (0.86, 0.98, 1.08))
    spots = 1 + 0.025 * np.sin(x * 1.7 + np.sin(y * 1.3) * 2) + 0.02 * np.sin(y * 2.3 + x)
    return _tinted(158 * spots * np.where(_joint(x, 2.0) | _joint(y, 2.0), 0.9, 1.0), (1.0, 1.0, 0.98))


def face_colour(material: str, wall: Colour, along: Float32Array, height: Float32Array) -> Float32Array:
    """A place on a face, metres along it and above the floor, (n,) -> float32 (n, 3) RGB; ``wall``: the room's colour."""
    if material == "wall":
        skirting, band = height < 0.10, np.abs(height - 1.0) < 0.025
        shade = np.where(skirting, 0.55, np.where(band, 0.8, np.where(height < 1.0, 0.9, 1.0)))
        return _tinted(shade, wall)
    if material.startswith("poster"):
        ground, figure = _POSTERS[int(material[-1])]
        drawn = ((along * 2.3) % 1 - 0.5) ** 2 + ((height - 1.5) * 1.8) ** 2 < 0.14
        return np.where(drawn[:, None], np.array(figure, np.float32), np.array(ground, np.float32)).astype(np.float32)
    if material == "wood":
        return _tinted(150 * (1 + 0.06 * np.sin(along * 25 + np.sin(height * 40))), (1.0, 0.72, 0.48))
    if material == "shelves":
        board = (height % 0.42) < 0.05
        hue = np.sin(np.floor(along / 0.07) * 7.3 + np.floor(height / 0.42) * 3.1)
        books = np.stack([120 + 60 * hue, 105 - 30 * hue, 95 + 40 * np.cos(hue * 5)], axis=1)
        return np.where(board[:, None], np.array((112, 84, 60), np.float32), books).astype(np.float32)
    if material == "leaves":
        return _tinted(1 + 0.22 * np.sin(along * 61) * np.sin(height * 53), _PLAIN["leaves"])
    return _tinted(np.ones_like(along), _PLAIN[material])


def _joint(place: Float32Array, period: float) -> BoolArray:
    joint: BoolArray = (place % np.float32(period)) < 0.012
    return joint


def _tinted(shade: NDArray[np.floating], tint: tuple[float, float, float]) -> Float32Array:
    return (shade[:, None] * np.array(tint, np.float32)).astype(np.float32)
