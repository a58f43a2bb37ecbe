"""Colours of clothes, skin, hair and bags, uint8 RGB."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sightline.attributes import OTHER

Colour = tuple[int, int, int]

CLOTHES: Mapping[str, tuple[Colour, ...]] = {
    "black": ((34, 34, 38), (26, 28, 34), (44, 41, 42)),
    "white": ((236, 235, 230), (226, 229, 234), (242, 240, 232)),
    "red": ((190, 38, 42), (165, 28, 40), (212, 58, 52)),
    "purple": ((118, 62, 150), (96, 52, 128), (146, 92, 178)),
    "yellow": ((234, 196, 56), (242, 212, 92), (220, 180, 40)),
    "gray": ((136, 138, 142), (112, 115, 120), (160, 160, 160)),
    "blue": ((44, 82, 160), (34, 58, 116), (86, 134, 200)),
    "green": ((48, 122, 70), (34, 92, 62), (106, 148, 78)),
    "pink": ((228, 142, 168), (236, 170, 186), (214, 110, 146)),
    "brown": ((116, 78, 50), (94, 64, 44), (150, 108, 70)),
}
"""The named colours of :data:`sightline.attributes.ATTRIBUTES`, some shades of each."""

OTHERS: Mapping[str, tuple[Colour, ...]] = {
    "upper": ((226, 120, 44), (120, 82, 54), (228, 146, 170), (40, 150, 150)),
    "lower": ((176, 44, 48), (214, 116, 52), (40, 140, 142)),
}
"""Colours that the list has no name for, above and below the waist."""

SKIN: tuple[Colour, ...] = ((240, 202, 174), (226, 180, 148), (200, 150, 116), (160, 112, 82), (118, 80, 58), (92, 62, 46))
HAIR: tuple[Colour, ...] = ((28, 24, 24), (52, 36, 28), (92, 60, 36), (148, 104, 58), (206, 168, 104), (138, 58, 34))
GREY_HAIR: tuple[Colour, ...] = ((168, 168, 170), (208, 206, 202), (120, 120, 122))
SHOES: tuple[Colour, ...] = ((30, 28, 28), (84, 58, 40), (232, 232, 230), (120, 122, 128), (40, 60, 110), (176, 40, 44))
BAGS: tuple[Colour, ...] = (
    (34, 34, 36), (140, 92, 52), (176, 46, 46), (46, 84, 150), (60, 112, 76), (196, 170, 120), (226, 178, 60), (110, 112, 118),
)  # fmt: skip
HATS: tuple[Colour, ...] = ((36, 36, 40), (200, 44, 46), (44, 76, 150), (228, 226, 220), (208, 186, 140), (56, 110, 72))


def draw(colours: tuple[Colour, ...], random: np.random.Generator, *, spread: int = 8) -> Colour:
    """One of these, a little lighter or darker."""
    chosen = np.array(colours[int(random.integers(len(colours)))]) + int(random.integers(-spread, spread + 1))
    red, green, blue = np.clip(chosen, 0, 255).tolist()
    return red, green, blue


def cloth(name: str, where: str, random: np.random.Generator) -> Colour:
    """A shade of the named colour; ``where`` is upper or lower, for the colours without a name."""
    return draw(OTHERS[where] if name == OTHER else CLOTHES[name], random)


def lightness(colour: Colour) -> float:
    """In [0, 1]."""
    return (0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]) / 255


def contrasting(colour: Colour, random: np.random.Generator) -> Colour:
    """A colour for the lines of a pattern: light on dark, dark on light, or a strong one."""
    light = lightness(colour) > 0.45
    return draw(
        ((36, 38, 48), (150, 36, 44), (40, 66, 120)) if light else ((232, 232, 228), (214, 176, 70), (176, 178, 184)), random
    )
