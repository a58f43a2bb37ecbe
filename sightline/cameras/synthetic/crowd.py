"""All people of a world at a moment, posed and placed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import Float64Array
from sightline.cameras.synthetic.body import body, placed
from sightline.cameras.synthetic.gait import Posture, posture
from sightline.cameras.synthetic.itinerary import Itinerary, Whereabouts
from sightline.cameras.synthetic.limbs import Limb
from sightline.cameras.synthetic.person import Person
from sightline.skeleton import JOINTS

_APART = 0.72
"""Metres that people keep between one another, middle to middle."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person who stands or walks somewhere.

    Attributes:
        person: who.
        position: x, y, metres.
        heading: radians, from the world's x to its y.
        pose: in the body's own frame.
    """

    person: Person
    position: tuple[float, float]
    heading: float
    pose: Posture

    def limbs(self) -> list[Limb]:
        """In the world."""
        return [placed(limb, self.position, self.heading) for limb in body(self.person, self.pose)]

    def joints(self) -> Float64Array:
        """float64 (J, 3): :data:`sightline.skeleton.JOINTS` in the world, metres."""
        return self.points(JOINTS)

    def points(self, names: Sequence[str]) -> Float64Array:
        """float64 (n, 3): named points of the posture in the world, metres."""
        own = np.array([self.pose.points[name] for name in names], np.float64)
        cosine, sine = math.cos(self.heading), math.sin(self.heading)
        x = self.position[0] + own[:, 0] * cosine - own[:, 1] * sine
        y = self.position[1] + own[:, 0] * sine + own[:, 1] * cosine
        return np.stack([x, y, own[:, 2]], axis=1)


def crowd(people: Sequence[Person], itineraries: Sequence[Itinerary], time_us: int) -> list[tuple[Person, Whereabouts]]:
    """Where everybody is; those who would walk through one another step aside."""
    found = [itinerary.at(time_us) for itinerary in itineraries]
    if not found:
        return []
    places = _stepped_aside(np.array([each.position for each in found], np.float64))
    return [
        (person, Whereabouts((float(x), float(y)), where.heading, where.walked, where.speed))
        for person, where, (x, y) in zip(people, found, places, strict=True)
    ]


def standing(person: Person, where: Whereabouts) -> Standing:
    """The person in the posture that goes with what they have walked."""
    vigour = min(1.0, where.speed / (0.75 * person.speed))
    return Standing(
        person, where.position, where.heading, posture(person.measures, where.walked / person.measures.stride, vigour)
    )


def _stepped_aside(places: Float64Array, rounds: int = 3) -> Float64Array:
    """(N, 2): pushed apart; a function of the places alone, so that any moment can be computed by itself."""
    for _ in range(rounds):
        apart = places[:, None] - places[None]
        distance = np.sqrt((apart**2).sum(-1)) + 1e-6
        push = np.maximum(0, _APART - distance) / distance * 0.5
        np.fill_diagonal(push, 0)
        places = places + (push[..., None] * apart).sum(1)
    return places
