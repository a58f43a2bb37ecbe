"""The textures of one person: an atlas of all that can be seen of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sightline.cameras.synthetic.colours import Colour
from sightline.cameras.synthetic.gait import FOREARM, SHANK, THIGH, UPPER_ARM
from sightline.cameras.synthetic.measures import Measures
from sightline.cameras.synthetic.outfit import Cloth, Outfit
from sightline.cameras.synthetic.textures import Canvas, canvas, dress
from sightline.types import UInt8Array

WAIST = 0.50
"""Where the lower garment begins on the hips' limb, from cap to cap."""


def paint_atlas(outfit: Outfit, measures: Measures, carried: frozenset[str], random: np.random.Generator) -> UInt8Array:
    """uint8 (T, SIDE, SIDE, 3), in the order of :data:`TEXTURES`; ``carried``: which of backpack and bag have straps."""
    return np.stack([paint(outfit, measures, carried).finished(random) for paint in TEXTURES.values()])


def _chest(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.skin, length=0.34 * measures.stature, radius=0.095 * measures.stature)
    neckline = 0.035 + 0.07 * (np.abs(on.angles) < 0.3)
    dress(on, outfit.upper, on.u > neckline, from_u=0.1)
    if "backpack" in carried:
        on.paint((np.abs(np.abs(on.angles) - 0.75) < 0.16) & (on.u < 0.72), _darker(outfit.bag))
    if "bag" in carried:
        front = np.abs(on.u - (0.18 + 0.78 * (1.2 - on.angles) / 2.4)) < 0.045
        back = np.abs(on.u - (0.18 + 0.78 * (np.abs(on.angles) - math.pi + 1.2) / 2.4)) < 0.045
        on.paint(np.where(np.abs(on.angles) < 1.5, front, back & (on.angles < 0)), _darker(outfit.bag))
    return on


def _hips(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.lower.colour, length=0.24 * measures.stature, radius=0.09 * measures.stature)
    dress(on, outfit.lower, on.u >= WAIST, from_u=WAIST)
    dress(on, _limb_cloth(outfit.upper), on.u < WAIST, from_u=-0.2)
    on.paint((on.u < WAIST) & (on.u > WAIST - 0.04), _darker(outfit.upper.colour))
    return on


def _shoulder(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.upper.colour, length=0.1 * measures.stature, radius=0.03 * measures.stature)
    if outfit.upper.pattern in ("pinstripes", "checks"):
        dress(on, outfit.upper, on.u >= 0)
    return on


def _upper_arm(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.skin, length=(UPPER_ARM + 0.06) * measures.stature, radius=0.035 * measures.stature)
    hem = 0.14 + outfit.sleeve * (UPPER_ARM + FOREARM) / (UPPER_ARM + 0.06)
    dress(on, _limb_cloth(outfit.upper), on.u < hem)
    on.paint((on.u < hem) & (on.u > hem - 0.05), _darker(outfit.upper.colour))
    return on


def _lower_arm(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.skin, length=(FOREARM + 0.05) * measures.stature, radius=0.028 * measures.stature)
    if outfit.sleeve >= 1:
        dress(on, _limb_cloth(outfit.upper), on.u < 0.9)
        on.paint((on.u < 0.9) & (on.u > 0.84), _darker(outfit.upper.colour))
    return on


def _hand(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    return canvas(outfit.skin, length=0.1 * measures.stature, radius=0.022 * measures.stature)


def _upper_leg(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.skin, length=(THIGH + 0.09) * measures.stature, radius=0.055 * measures.stature)
    hem = 0.16 + outfit.leg * (THIGH + SHANK) / (THIGH + 0.09)
    dress(on, outfit.lower, on.u < max(hem, 0.25), from_u=-0.3)
    return on


def _lower_leg(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.skin, length=(SHANK + 0.06) * measures.stature, radius=0.04 * measures.stature)
    if outfit.leg >= 1:
        dress(on, outfit.lower, on.u < 0.95, from_u=0.03)
        on.paint((on.u < 0.95) & (on.u > 0.91), _darker(outfit.lower.colour))
    else:
        on.paint(on.u > 0.86, outfit.shoes if outfit.skirt else (226, 226, 224))
    return on


def _foot(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.shoes, length=0.15 * measures.stature, radius=0.026 * measures.stature)
    on.paint(np.abs(on.angles) > 2.2, (206, 204, 198) if sum(outfit.shoes) < 450 else (90, 90, 92))
    on.paint((np.abs(on.angles) < 0.5) & (np.abs(on.u - 0.45) < 0.12), _darker(outfit.shoes))
    return on


def _head(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    """A hint of a face: brows, eyes, nose, mouth; hair where no face is."""
    on = canvas(outfit.skin, length=0.14 * measures.stature, radius=0.05 * measures.stature)
    for middle in (-0.42, 0.42):
        on.paint(((on.angles - middle) / 0.20) ** 2 + ((on.u - 0.50) / 0.035) ** 2 < 1, (240, 238, 234))
        on.paint(((on.angles - middle) / 0.10) ** 2 + ((on.u - 0.50) / 0.038) ** 2 < 1, (44, 34, 30))
        on.paint(((on.angles - middle) / 0.26) ** 2 + ((on.u - 0.435) / 0.018) ** 2 < 1, _darker(outfit.hair))
    on.paint((np.abs(on.angles) < 0.09) & (np.abs(on.u - 0.60) < 0.06), _darker(outfit.skin, 0.86))
    on.paint((on.angles / 0.32) ** 2 + ((on.u - 0.76) / 0.025) ** 2 < 1, _darker((186, 96, 92), 0.9))
    hairline = np.where(np.abs(on.angles) < 1.15, 0.30, np.where(np.abs(on.angles) < 1.7, 0.55, 0.80))
    on.paint(on.u < hairline, outfit.hair)
    return on


def _neck(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    return canvas(_darker(outfit.skin, 0.93), length=0.1 * measures.stature, radius=0.03 * measures.stature)


def _hair(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.hair, length=0.2 * measures.stature, radius=0.05 * measures.stature)
    on.paint((on.angles * 7 + np.sin(on.u * 9)) % 1 < 0.3, _darker(outfit.hair, 0.86))
    return on


def _skirt(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.lower.colour, length=0.3 * measures.stature, radius=0.11 * measures.stature)
    dress(on, outfit.lower, on.u >= 0)
    on.pixels[:] *= np.float32(1) + np.float32(0.10) * np.cos(on.angles * 9)[..., None]
    return on


def _hat(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.hat, length=0.1 * measures.stature, radius=0.055 * measures.stature)
    on.paint((on.u > 0.62) & (on.u < 0.74), _darker(outfit.hat, 0.65))
    return on


def _brim(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    return canvas(_darker(outfit.hat, 0.82), length=0.1 * measures.stature, radius=0.08 * measures.stature)


def _bag(outfit: Outfit, measures: Measures, carried: frozenset[str]) -> Canvas:
    on = canvas(outfit.bag, length=0.25 * measures.stature, radius=0.08 * measures.stature)
    on.paint(np.broadcast_to(np.abs(on.u - 0.42) < 0.03, on.pixels.shape[:2]), _darker(outfit.bag))
    on.paint((np.abs(np.abs(on.angles) - math.pi) < 0.5) & (on.u > 0.55) & (on.u < 0.8), _darker(outfit.bag, 0.82))
    on.paint((np.abs(np.abs(on.angles) - math.pi) < 0.12) & (np.abs(on.u - 0.42) < 0.05), (210, 200, 170))
    return on


def _limb_cloth(cloth: Cloth) -> Cloth:
    """Blocks and prints are on the chest alone."""
    plain = cloth.pattern in ("block", "print")
    return Cloth(cloth.colour, "plain", cloth.second, cloth.period) if plain else cloth


def _darker(colour: Colour, factor: float = 0.7) -> Colour:
    red, green, blue = (int(value * factor) for value in colour)
    return red, green, blue


TEXTURES: dict[str, Callable[[Outfit, Measures, frozenset[str]], Canvas]] = {
    "chest": _chest, "hips": _hips, "shoulder": _shoulder, "upper_arm": _upper_arm, "lower_arm": _lower_arm, "hand": _hand,
    "upper_leg": _upper_leg, "lower_leg": _lower_leg, "foot": _foot, "head": _head, "neck": _neck, "hair": _hair,
    "skirt": _skirt, "hat": _hat, "brim": _brim, "bag": _bag,
}  # fmt: skip
"""Name -> who paints it, in the order of the atlas."""

NUMBER = {name: number for number, name in enumerate(TEXTURES)}
