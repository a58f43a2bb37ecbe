"""The limbs of a figure: tapered capsules in the picture's plane, each with its chart and its distance from the camera.

Lengths in capitals are parts of the stature, set by eye on Market-1501's clothed people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.body_model.charts import AllRound, Chart, TwoFaces, TwoHalves
from sightline.body_model.figure import HIP_WIDTH, SHOULDER_WIDTH, Figure, Point
from sightline.body_model.parts import PARTS

SIDES = {"right": -1, "left": 1}

TORSO_MARGINS = (-0.01, 0.03)
"""How far its sides lie beyond the joints of the shoulders and of the hips."""
TORSO_DEPTH = 0.08
"""Half of it."""
TORSO_CAPS = (0.04, 0.05)
"""How far it reaches above the shoulders and below the hips."""

HEAD_RADIUS = 0.057
HEAD_CORE = (0.35, 0.5)
"""The straight part of the head, as a part of the way from its top to the neck; rounded from the top to the chin."""
CHIN = 0.92

UPPER_ARM_RADII = (0.036, 0.031)
LOWER_ARM_RADII = (0.031, 0.024)
HAND_RADII = (0.024, 0.022)
HAND_LENGTH = 0.045
UPPER_LEG_RADII = (0.066, 0.051)
LOWER_LEG_RADII = (0.048, 0.036)
FOOT_RADII = (0.03, 0.026)
FOOT_LENGTH = 0.09
FOOT_DROP = (0.035, 0.02)
"""How far below the ankle the toes are in the picture: of a person seen from the side, and how much more from the front."""

ARM_OFFSET, LEG_OFFSET = 0.14, 0.07
"""How far to the side of the body's axis they are."""
LOWER_ARM_FORWARD, HAND_FORWARD = 0.05, 0.08
"""How far before the body arms are carried."""
LEGS_BEHIND = -0.1
"""The torso covers where the legs begin."""
LOWER_IS_NEARER = 0.3
"""Cameras look down: of two feet, the lower one in the picture is the nearer."""


@dataclass(frozen=True, slots=True)
class Limb:
    """A tapered capsule; u runs along it, from cap to cap.

    Attributes:
        start, end: where the capsule's axis begins and ends, pixels.
        radii: half its width in the picture there, pixels.
        caps: how far the rounded ends reach beyond, pixels.
        turn: how far the surface is turned round the axis, radians: the body's yaw where the section is round.
        chart: of its surface.
        nearness: to the camera; limbs are painted in this order, ascending.
    """

    start: Point
    end: Point
    radii: tuple[float, float]
    caps: tuple[float, float]
    turn: float
    chart: Chart
    nearness: float


def limbs(figure: Figure) -> list[Limb]:
    """What the visible joints allow, the farthest first."""
    found = [*_torso(figure), *_head(figure)]
    for side in SIDES:
        found += [*_arm(figure, side), *_leg(figure, side)]
    return sorted(found, key=_from_the_farthest)


def _from_the_farthest(limb: Limb) -> tuple[float, float]:
    """Of two that are equally near, as a left and a right one of a body seen from the front, the lower one is nearer."""
    return round(limb.nearness, 9), limb.start[1] + limb.end[1]


def _torso(figure: Figure) -> Iterator[Limb]:
    """Its section is an ellipse: the half width in the picture is that of a turned ellipse, and so is the turn."""
    top = figure.middle("right_shoulder", "left_shoulder") or figure.middle("neck")
    bottom = figure.middle("right_hip", "left_hip")
    if top is None or bottom is None:
        return
    deep = TORSO_DEPTH * figure.stature * math.sin(figure.yaw)
    broad = (
        _half_width(figure, "shoulder", SHOULDER_WIDTH, TORSO_MARGINS[0]),
        _half_width(figure, "hip", HIP_WIDTH, TORSO_MARGINS[1]),
    )
    yield Limb(
        top,
        bottom,
        (math.hypot(broad[0], deep), math.hypot(broad[1], deep)),
        (TORSO_CAPS[0] * figure.stature, TORSO_CAPS[1] * figure.stature),
        math.atan2(deep, math.copysign(sum(broad) / 2, math.cos(figure.yaw))),
        TwoFaces(PARTS.index("torso_front"), PARTS.index("torso_back"), SIDES["left"]),
        nearness=0.0,
    )


def _half_width(figure: Figure, joint: str, usual: float, margin: float) -> float:
    """Across the picture, of a body without depth, pixels: as the joints have it, where both are visible."""
    from_the_side = abs(math.cos(figure.yaw)) * figure.stature
    right, left = figure.joints.get(f"right_{joint}"), figure.joints.get(f"left_{joint}")
    width = usual * from_the_side if right is None or left is None else abs(left[0] - right[0])
    return max(0.0, width / 2 + margin * from_the_side)


def _head(figure: Figure) -> Iterator[Limb]:
    top, neck = figure.joints.get("head_top"), figure.joints.get("neck")
    if top is None or neck is None:
        return
    begin, end = HEAD_CORE
    length, radius = math.dist(top, neck), HEAD_RADIUS * figure.stature
    yield Limb(
        _on_the_way(top, neck, begin),
        _on_the_way(top, neck, end),
        (radius, radius),
        (max(begin * length, radius / 2), max((CHIN - end) * length, radius / 2)),
        figure.yaw,
        TwoHalves(PARTS.index("right_head"), PARTS.index("left_head")),
        _nearness(figure, forward=0.01),
    )


def _arm(figure: Figure, side: str) -> Iterator[Limb]:
    shoulder, elbow, wrist = (figure.joints.get(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist"))
    outward = ARM_OFFSET * SIDES[side]
    if shoulder and elbow:
        chart = _faces(f"{side}_upper_arm", side)
        yield _round(figure, (shoulder, elbow), UPPER_ARM_RADII, chart, _nearness(figure, left=outward, forward=0.02))
    if elbow and wrist:
        chart = _faces(f"{side}_lower_arm", side)
        nearness = _nearness(figure, left=outward, forward=LOWER_ARM_FORWARD)
        yield _round(figure, (elbow, wrist), LOWER_ARM_RADII, chart, nearness)
        tip = _beyond(elbow, wrist, HAND_LENGTH * figure.stature)
        hand = AllRound(PARTS.index(f"{side}_hand"), SIDES[side])
        yield _round(figure, (wrist, tip), HAND_RADII, hand, _nearness(figure, left=outward, forward=HAND_FORWARD))


def _leg(figure: Figure, side: str) -> Iterator[Limb]:
    hip, knee, ankle = (figure.joints.get(f"{side}_{joint}") for joint in ("hip", "knee", "ankle"))
    both = figure.middle("right_ankle", "left_ankle")
    lower = (ankle[1] - both[1]) / figure.stature if ankle and both else 0.0
    nearness = LEGS_BEHIND + LOWER_IS_NEARER * lower + _nearness(figure, left=LEG_OFFSET * SIDES[side])
    if hip and knee:
        yield _round(figure, (hip, knee), UPPER_LEG_RADII, _faces(f"{side}_upper_leg", side), nearness)
    if knee and ankle:
        yield _round(figure, (knee, ankle), LOWER_LEG_RADII, _faces(f"{side}_lower_leg", side), nearness)
    if ankle:
        drop = FOOT_DROP[0] + FOOT_DROP[1] * math.cos(figure.yaw)
        toes = (
            ankle[0] + FOOT_LENGTH * figure.stature * math.sin(figure.yaw),
            ankle[1] + drop * figure.stature,
        )
        foot = AllRound(PARTS.index(f"{side}_foot"), SIDES[side])
        yield _round(figure, (ankle, toes), FOOT_RADII, foot, nearness + 0.001)


def _round(figure: Figure, axis: tuple[Point, Point], radii: tuple[float, float], chart: Chart, nearness: float) -> Limb:
    scaled = (radii[0] * figure.stature, radii[1] * figure.stature)
    return Limb(*axis, scaled, scaled, figure.yaw, chart, nearness)


def _faces(name: str, side: str) -> TwoFaces:
    return TwoFaces(PARTS.index(f"{name}_front"), PARTS.index(f"{name}_back"), SIDES[side])


def _nearness(figure: Figure, *, left: float = 0.0, forward: float = 0.0) -> float:
    """How much nearer to the camera than the body's axis a place is that lies so far to the left of it and before it."""
    return forward * math.cos(figure.yaw) - left * math.sin(figure.yaw)


def _on_the_way(start: Point, end: Point, part: float) -> Point:
    return start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])


def _beyond(start: Point, end: Point, length: float) -> Point:
    """On from ``end`` in the direction of the limb; downwards where it has none."""
    distance = math.dist(start, end)
    if distance == 0:
        return end[0], end[1] + length
    return _on_the_way(start, end, 1 + length / distance)
