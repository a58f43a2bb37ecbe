"""One identity: measures, attributes and looks, all drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.attributes_drawn import draw_attributes
from sightline.cameras.synthetic.measures import Measures, draw_measures
from sightline.cameras.synthetic.outfit import Outfit, draw_outfit
from sightline.cameras.synthetic.wardrobe import paint_atlas
from sightline.types import UInt8Array

_PERSON_STREAM = 1
"""Tells the random numbers of people from those of paths, rooms and cameras of the same seed."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody of the synthetic world.

    Attributes:
        pid: identity, from 1.
        attributes: attribute -> value, as :data:`sightline.attributes.ATTRIBUTES` names them.
        measures: of the body.
        outfit: what they wear.
        atlas: uint8 (T, S, S, 3), the textures of their limbs (:data:`sightline.cameras.synthetic.wardrobe.TEXTURES`).
        speed: how fast they walk, metres a second.
    """

    pid: int
    attributes: Mapping[str, str]
    measures: Measures
    outfit: Outfit
    atlas: UInt8Array
    speed: float

    def has(self, thing: str) -> bool:
        """Whether they wear or carry it: hat, backpack, bag or handbag."""
        return self.attributes[thing] == "yes"


def draw_person(seed: int, pid: int) -> Person:
    """The person with this number of the world with this seed: the same one each time."""
    random = np.random.default_rng((seed, _PERSON_STREAM, pid))
    attributes = draw_attributes(random)
    measures = draw_measures(attributes["gender"], attributes["age"], random)
    outfit = draw_outfit(attributes, random)
    carried = frozenset(thing for thing in ("backpack", "bag") if attributes[thing] == "yes")
    atlas = paint_atlas(outfit, measures, carried, random)
    speed = float(random.uniform(1.05, 1.45)) * (0.8 if attributes["age"] == "old" else 1.0)
    return Person(pid, attributes, measures, outfit, atlas, speed)
