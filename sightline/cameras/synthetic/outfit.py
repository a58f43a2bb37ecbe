"""The colours and cuts that follow from a person's attributes, and the many things that no attribute names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic import colours
from sightline.cameras.synthetic.colours import Colour

PATTERNS = ("plain", "rings", "pinstripes", "checks", "block", "print", "plain")
_LOWER_PATTERNS = ("plain", "plain", "plain", "checks", "side_stripe")


@dataclass(frozen=True, slots=True)
class Cloth:
    """One garment: its colour, what is on it, in which second colour, and how wide the pattern is, metres."""

    colour: Colour
    pattern: str
    second: Colour
    period: float


@dataclass(frozen=True, slots=True)
class Outfit:
    """What a person looks like.

    Attributes:
        upper, lower: garments; of a one-piece dress, both are the same.
        sleeve, leg: how much of an arm (a leg) is covered, 0 to 1, from the shoulder (the hip).
        skirt: how far a skirt reaches down, as a part of the leg; 0 = trousers.
        skin, hair, shoes, hat, bag: colours; of the hat and the bags where they are worn.
        hat_brim: the hat has a brim all round; else it is a cap.
    """

    upper: Cloth
    lower: Cloth
    sleeve: float
    leg: float
    skirt: float
    skin: Colour
    hair: Colour
    shoes: Colour
    hat: Colour
    bag: Colour
    hat_brim: bool


def draw_outfit(attributes: Mapping[str, str], random: np.random.Generator) -> Outfit:
    """An outfit in which these attributes can be seen."""
    upper = _cloth(attributes["upper_colour"], "upper", PATTERNS, random)
    lower = _cloth(attributes["lower_colour"], "lower", _LOWER_PATTERNS, random)
    short_sleeve, short_leg = attributes["sleeve"] == "short", attributes["lower_length"] == "short"
    dress = attributes["lower_type"] == "dress"
    legs = random.uniform(0.34, 0.47) if short_leg else (random.uniform(0.62, 0.82) if dress else 1.0)
    hair = colours.GREY_HAIR if attributes["age"] == "old" else colours.HAIR
    return Outfit(
        upper=upper,
        lower=lower,
        sleeve=float(random.uniform(0.24, 0.36)) if short_sleeve else 1.0,
        leg=0.0 if dress else float(legs),
        skirt=float(legs) if dress else 0.0,
        skin=colours.draw(colours.SKIN, random),
        hair=colours.draw(hair, random),
        shoes=colours.draw(colours.SHOES, random),
        hat=colours.draw(colours.HATS, random),
        bag=colours.draw(colours.BAGS, random),
        hat_brim=bool(random.random() < 0.4),
    )


def _cloth(name: str, where: str, patterns: tuple[str, ...], random: np.random.Generator) -> Cloth:
    colour = colours.cloth(name, where, random)
    pattern = patterns[int(random.integers(len(patterns)))]
    return Cloth(colour, pattern, colours.contrasting(colour, random), float(random.uniform(0.07, 0.13)))
