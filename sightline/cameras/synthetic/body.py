"""From a posture to limbs of revolution: the person's shape, in their own frame. Lengths are parts of the stature."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from sightline.body_model.charts import AllRound, TwoFaces
from sightline.body_model.limbs import SIDES, TORSO_CAPS
from sightline.body_model.parts import PARTS
from sightline.cameras.synthetic.arrays import Vector
from sightline.cameras.synthetic.charting import AHEAD, LOWER_LEG_RADII, ROUND, UPPER_LEG_RADII, along, between, faces
from sightline.cameras.synthetic.gait import FOOT_RADII, SHANK, SHOULDER_ABOVE_HIP, THIGH, Posture
from sightline.cameras.synthetic.head import head_limbs
from sightline.cameras.synthetic.limbs import AlongChart, Limb, distance
from sightline.cameras.synthetic.luggage import luggage
from sightline.cameras.synthetic.person import Person
from sightline.cameras.synthetic.skirt import skirt
from sightline.cameras.synthetic.wardrobe import NUMBER

_TORSO = TwoFaces(PARTS.index("torso_front"), PARTS.index("torso_back"), SIDES["left"])


def body(person: Person, posture: Posture) -> list[Limb]:
    """The person's limbs with all that they wear and carry, in the body's frame."""
    found = [*_torso(person, posture), *head_limbs(person, posture)]
    for side in SIDES:
        found += [*_arm(person, posture, side), *_leg(person, posture, side)]
    if person.outfit.skirt > 0:
        found.append(skirt(person, posture))
    return [*found, *luggage(person, posture)]


def placed(limb: Limb, position: tuple[float, float], heading: float) -> Limb:
    """The limb of a person who stands there (x, y; metres) and faces that way (radians from the world's x to its y)."""
    cosine, sine = math.cos(heading), math.sin(heading)
    (x, y, z), (end_x, end_y, end_z), (ahead_x, ahead_y, ahead_z) = limb.start, limb.end, limb.forward
    start = (position[0] + x * cosine - y * sine, position[1] + x * sine + y * cosine, z)
    end = (position[0] + end_x * cosine - end_y * sine, position[1] + end_x * sine + end_y * cosine, end_z)
    forward = (ahead_x * cosine - ahead_y * sine, ahead_x * sine + ahead_y * cosine, ahead_z)
    return Limb(start, end, forward, limb.radii, limb.flat, limb.texture, limb.chart, limb.open_end)


def _torso(person: Person, posture: Posture) -> Iterator[Limb]:
    size, breadth = person.measures.stature, person.measures.breadth
    chest, pelvis, neck = (posture.points[name] for name in ("chest", "pelvis", "neck"))
    total = (SHOULDER_ABOVE_HIP + sum(TORSO_CAPS)) * size
    top = between(chest, pelvis, 0.22)
    waist = between(chest, pelvis, 0.72)
    hips = between(chest, pelvis, 0.93)
    wide, narrow = person.measures.shoulder * 0.87 * size * breadth, person.measures.waist * 1.04 * size * breadth

    def chart(start: Vector) -> AlongChart:
        return AlongChart(_TORSO, (distance(chest, start) + TORSO_CAPS[0] * size) / total, 1 / total)

    lower = max(narrow, person.measures.hip * 1.72 * size * breadth)
    yield Limb(top, waist, AHEAD, (wide, narrow), (1.0, 0.66), NUMBER["chest"], chart(top))
    yield Limb(waist, hips, AHEAD, (narrow, lower), (1.0, 0.74), NUMBER["hips"], chart(waist))
    for side, sign in SIDES.items():  # what slopes from the neck to the shoulder
        shoulder = posture.points[f"{side}_shoulder"]
        begin = (neck[0], neck[1] + sign * 0.016 * size, neck[2] - 0.004 * size)
        end = (shoulder[0], shoulder[1] - sign * 0.004 * size, shoulder[2] - 0.004 * size)
        flat = AlongChart(TwoFaces(_TORSO.front, _TORSO.back, 0), TORSO_CAPS[0] * size / total * 0.6, 0.0)
        yield Limb(begin, end, AHEAD, (0.026 * size, 0.031 * size), ROUND, NUMBER["shoulder"], flat)


def _arm(person: Person, posture: Posture, side: str) -> Iterator[Limb]:
    thick = person.measures.stature * (0.6 + 0.4 * person.measures.breadth)
    shoulder, elbow, wrist, fingers = (posture.points[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist", "fingers"))
    sleeve = 0.004 * thick if person.outfit.sleeve >= 1 else 0.0
    upper = (0.033 * thick, 0.026 * thick + sleeve)
    lower = (0.027 * thick + sleeve, 0.019 * thick + sleeve)
    yield Limb(
        shoulder,
        elbow,
        AHEAD,
        upper,
        ROUND,
        NUMBER["upper_arm"],
        faces(f"{side}_upper_arm", side, distance(shoulder, elbow), upper),
    )
    yield Limb(
        elbow, wrist, AHEAD, lower, ROUND, NUMBER["lower_arm"], faces(f"{side}_lower_arm", side, distance(elbow, wrist), lower)
    )
    palm = (0.019 * thick, 0.015 * thick)
    middle, tip = between(wrist, fingers, 0.25), between(wrist, fingers, 0.85)
    hand = along(AllRound(PARTS.index(f"{side}_hand"), SIDES[side]), distance(middle, tip), palm)
    yield Limb(middle, tip, AHEAD, palm, (0.75, 1.25), NUMBER["hand"], hand)


def _leg(person: Person, posture: Posture, side: str) -> Iterator[Limb]:
    size = person.measures.stature
    thick = size * (0.5 + 0.5 * person.measures.breadth)
    hip, knee, ankle, heel, toe = (posture.points[f"{side}_{name}"] for name in ("hip", "knee", "ankle", "heel", "toe"))
    loose = 0.008 * thick if person.outfit.leg >= 1 else 0.0
    upper = (UPPER_LEG_RADII[0] * thick, UPPER_LEG_RADII[1] * thick + loose / 2)
    lower = (LOWER_LEG_RADII[0] * thick + loose / 2, LOWER_LEG_RADII[1] * thick + loose)
    thigh = Limb(
        hip, knee, AHEAD, upper, ROUND, NUMBER["upper_leg"], faces(f"{side}_upper_leg", side, distance(hip, knee), upper)
    )
    yield thigh if person.outfit.skirt <= 0 else _below_the_hem(thigh, person.outfit.skirt)
    yield Limb(
        knee, ankle, AHEAD, lower, ROUND, NUMBER["lower_leg"], faces(f"{side}_lower_leg", side, distance(knee, ankle), lower)
    )
    foot = (FOOT_RADII[0] * size, FOOT_RADII[1] * size)
    chart = along(AllRound(PARTS.index(f"{side}_foot"), SIDES[side]), distance(heel, toe), foot)
    yield Limb(heel, toe, (0.0, 0.0, 1.0), foot, (1.1, 1.0), NUMBER["foot"], chart)


def _below_the_hem(thigh: Limb, skirt: float) -> Limb:
    """What a skirt leaves to be seen of a thigh: less than all, so that nothing comes through the cloth."""
    hidden = min(0.85, 0.8 * skirt * (THIGH + SHANK) / THIGH)
    start = between(thigh.start, thigh.end, hidden)
    radius = thigh.radii[0] + hidden * (thigh.radii[1] - thigh.radii[0])
    chart = thigh.chart
    assert isinstance(chart, AlongChart)
    moved = replace(chart, first=chart.first + distance(thigh.start, start) * chart.rate)
    return replace(thigh, start=start, radii=(radius, thigh.radii[1]), chart=moved)
