"""The gait cycle: a phase and measures in, the joints of a walking (or standing) body out.

The curves of hip, knee and foot follow the usual description of human walking (Winter, "Biomechanics and Motor Control of
Human Movement"), smoothed by eye: phase 0 is the heel strike, 0.62 the toe-off. Lengths are parts of the stature.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import Vector
from sightline.cameras.synthetic.measures import Measures

THIGH, SHANK, ANKLE_HEIGHT = 0.245, 0.246, 0.039
UPPER_ARM, FOREARM, HAND = 0.175, 0.145, 0.085
NECK_ABOVE_HIP, SHOULDER_ABOVE_HIP, HEAD = 0.305, 0.285, 0.165
HEEL, TOE = (-0.012, -0.018), (0.098, -0.024)
"""Where the foot's axis begins and ends beside the ankle: forward and up."""
FOOT_RADII = (0.026, 0.017)

_PHASES = (0.0, 0.08, 0.15, 0.30, 0.42, 0.52, 0.62, 0.72, 0.82, 0.92, 1.0)
_KNEE = (0.07, 0.20, 0.28, 0.16, 0.10, 0.30, 0.66, 1.05, 0.75, 0.18, 0.07)
_FOOT = (0.24, 0.05, 0.0, 0.0, -0.10, -0.32, -0.75, -0.50, -0.12, 0.16, 0.24)
_STANDING_KNEE = 0.05


@dataclass(frozen=True, slots=True)
class Posture:
    """A posed body: named points in its own frame, metres.

    The points are the joints of :data:`sightline.skeleton.JOINTS`, and ``pelvis``, ``chest`` (between the shoulders),
    ``head`` (its middle), and for either side ``heel``, ``toe`` and ``fingers``.
    """

    points: dict[str, Vector]


def posture(measures: Measures, phase: float, vigour: float) -> Posture:
    """The body at a phase of the gait.

    Args:
        measures: of the body.
        phase: cycles; 0 is the strike of the left heel, 0.5 of the right one.
        vigour: 1 = walks, 0 = stands; in between it sets off or comes to rest.
    """
    size = measures.stature
    points: dict[str, Vector] = {"pelvis": (0.0, 0.0, 0.0)}
    for side, sign, offset in (("left", 1, 0.0), ("right", -1, 0.5)):
        points |= _leg(measures, side, sign, (phase + offset) % 1.0, vigour)
        points |= _arm(measures, side, sign, (phase + offset) % 1.0, vigour)
    points |= _trunk(measures)
    lowest = min(
        points[f"{side}_{end}"][2] - FOOT_RADII[i] * size for side in ("left", "right") for i, end in ((0, "heel"), (1, "toe"))
    )
    return Posture({name: (x, y, z - lowest) for name, (x, y, z) in points.items()})


def _leg(measures: Measures, side: str, sign: int, phase: float, vigour: float) -> dict[str, Vector]:
    size = measures.stature
    swing = vigour * (0.04 + measures.step * math.cos(2 * math.pi * phase))
    bend = (1 - vigour) * _STANDING_KNEE + vigour * float(np.interp(phase, _PHASES, _KNEE))
    pitch = vigour * float(np.interp(phase, _PHASES, _FOOT))
    forward = vigour * 0.012 * size * math.cos(2 * math.pi * phase)  # the pelvis turns with the step
    hip = (forward, sign * measures.hip * size, 0.0)
    narrow = hip[1] * (1 - 0.25 * vigour)
    knee = (hip[0] + THIGH * size * math.sin(swing), (hip[1] + narrow) / 2, -THIGH * size * math.cos(swing))
    shin = swing - bend
    ankle = (knee[0] + SHANK * size * math.sin(shin), narrow, knee[2] - SHANK * size * math.cos(shin))
    return {
        f"{side}_hip": hip,
        f"{side}_knee": knee,
        f"{side}_ankle": ankle,
        f"{side}_heel": _beside(ankle, HEEL, pitch, size, 0.0),
        f"{side}_toe": _beside(ankle, TOE, pitch, size, sign * 0.018 * size),
    }


def _beside(ankle: Vector, offset: tuple[float, float], pitch: float, size: float, outward: float) -> Vector:
    forward = offset[0] * math.cos(pitch) - offset[1] * math.sin(pitch)
    up = offset[0] * math.sin(pitch) + offset[1] * math.cos(pitch)
    return ankle[0] + forward * size, ankle[1] + outward, ankle[2] + up * size


def _arm(measures: Measures, side: str, sign: int, phase: float, vigour: float) -> dict[str, Vector]:
    """Arms swing against the leg of their side."""
    size = measures.stature
    wave = -math.cos(2 * math.pi * phase)
    swing = 0.03 + vigour * measures.swing * wave
    bend = 0.16 + vigour * (0.22 + 0.16 * wave)
    lean = math.sin(measures.lean)
    shoulder = (
        SHOULDER_ABOVE_HIP * size * lean + vigour * 0.012 * size * wave,
        sign * measures.shoulder * size * (0.5 + 0.5 * measures.breadth),
        SHOULDER_ABOVE_HIP * size * math.cos(measures.lean),
    )
    aside = 0.13 + 0.10 * (measures.breadth - 0.9)
    elbow = _hanging(shoulder, UPPER_ARM * size, swing, sign * aside)
    wrist = _hanging(elbow, FOREARM * size, swing + bend, sign * (aside - 0.10))
    fingers = _hanging(wrist, HAND * size, swing + bend + 0.05, sign * (aside - 0.12))
    return {f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist, f"{side}_fingers": fingers}


def _hanging(start: Vector, length: float, forward: float, left: float) -> Vector:
    """The end of a limb that hangs from ``start``, lifted by these angles."""
    return (
        start[0] + length * math.sin(forward) * math.cos(left),
        start[1] + length * math.sin(left),
        start[2] - length * math.cos(forward) * math.cos(left),
    )


def _trunk(measures: Measures) -> dict[str, Vector]:
    size, lean = measures.stature, measures.lean
    nod = 0.5 * lean

    def spine(height: float) -> Vector:
        return height * size * math.sin(lean), 0.0, height * size * math.cos(lean)

    neck = spine(NECK_ABOVE_HIP)

    def skull(forward: float, left: float, up: float) -> Vector:
        return (
            neck[0] + size * (forward * math.cos(nod) + up * math.sin(nod)),
            left * size,
            neck[2] + size * (up * math.cos(nod) - forward * math.sin(nod)),
        )

    return {
        "neck": neck,
        "chest": spine(SHOULDER_ABOVE_HIP),
        "head_top": skull(0.005, 0, HEAD),
        "head": skull(0.008, 0, 0.098),
        "nose": skull(0.062, 0, 0.085),
        "right_eye": skull(0.050, -0.018, 0.104),
        "left_eye": skull(0.050, 0.018, 0.104),
        "right_ear": skull(0.004, -0.045, 0.095),
        "left_ear": skull(0.004, 0.045, 0.095),
    }
