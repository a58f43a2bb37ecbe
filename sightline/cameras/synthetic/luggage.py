"""Backpack, shoulder bag and handbag: no parts of the body. Lengths are parts of the stature."""

from __future__ import annotations

from collections.abc import Iterator

from sightline.cameras.synthetic.arrays import Vector
from sightline.cameras.synthetic.gait import Posture
from sightline.cameras.synthetic.limbs import Limb
from sightline.cameras.synthetic.person import Person
from sightline.cameras.synthetic.wardrobe import NUMBER

_AHEAD: Vector = (1.0, 0.0, 0.0)


def luggage(person: Person, posture: Posture) -> Iterator[Limb]:
    """What the person carries, in the body's frame."""
    size, breadth = person.measures.stature, person.measures.breadth
    chest, pelvis = posture.points["chest"], posture.points["pelvis"]
    bag = NUMBER["bag"]
    if person.has("backpack"):
        x = chest[0] - (0.080 + 0.02 * breadth) * size
        top, bottom = (x, 0.0, chest[2] - 0.055 * size), (x - 0.012 * size, 0.0, chest[2] - 0.175 * size)
        yield Limb(top, bottom, _AHEAD, (0.070 * size, 0.082 * size), (1.0, 0.68), bag, None)
    if person.has("bag"):
        y = -(person.measures.hip + 0.062 * breadth) * size
        top, bottom = (pelvis[0] - 0.01, y, pelvis[2] + 0.045 * size), (pelvis[0] - 0.01, y, pelvis[2] - 0.005 * size)
        yield Limb(top, bottom, _AHEAD, (0.058 * size, 0.066 * size), (0.42, 1.15), bag, None)
    if person.has("handbag"):
        x, y, z = posture.points["left_fingers"]
        handle = ((x, y, z + 0.01 * size), (x, y, z - 0.05 * size))
        yield Limb(*handle, _AHEAD, (0.008 * size, 0.03 * size), (0.3, 1.2), bag, None)
        yield Limb(
            (x, y, z - 0.075 * size), (x, y, z - 0.115 * size), _AHEAD, (0.046 * size, 0.056 * size), (0.42, 1.3), bag, None
        )
