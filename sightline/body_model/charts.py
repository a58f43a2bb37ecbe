"""Where on a limb's surface a pixel lies: the part, and v around it.

A chart takes the angle round the limb's axis: 0 = the body's front, +pi/2 = the person's left, (-pi, pi]. Limbs that hang down
and limbs that are lifted sideways have the same angles, turned in the picture's plane.

v of left and right limbs is the same on mirrored places, so features of the two may be added up (DSA-reID, section 3.2.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sightline.types import Float32Array, UInt8Array


class Chart(Protocol):
    """Angles float32 (n,) in (-pi, pi] -> part ids uint8 (n,), and v float32 (n,) in [0, 1]."""

    def __call__(self, angles: Float32Array) -> tuple[UInt8Array, Float32Array]: ...


@dataclass(frozen=True, slots=True)
class TwoFaces:
    """Front and back, half round each. v runs the same way on both.

    Attributes:
        front, back: part ids.
        side: 1 = v grows to the person's left (left limbs and the torso), -1 = to the person's right (right limbs): from
            the inside of a limb to its outside.
    """

    front: int
    back: int
    side: int

    def __call__(self, angles: Float32Array) -> tuple[UInt8Array, Float32Array]:
        in_front = np.abs(angles) <= np.float32(math.pi / 2)
        sideways = np.where(in_front, angles, np.copysign(np.float32(math.pi), angles) - angles)
        part = np.where(in_front, np.uint8(self.front), np.uint8(self.back))
        return part, np.float32(0.5) + sideways * np.float32(self.side / math.pi)


@dataclass(frozen=True, slots=True)
class AllRound:
    """One part all round (hands, feet). v: 0 inside, 1/4 front, 1/2 outside, 3/4 back."""

    part: int
    side: int

    def __call__(self, angles: Float32Array) -> tuple[UInt8Array, Float32Array]:
        around = angles * np.float32(self.side / (2 * math.pi)) + np.float32(0.25)
        v = np.where(around < 0, around + np.float32(1), around)
        return np.full(len(angles), self.part, np.uint8), v


@dataclass(frozen=True, slots=True)
class TwoHalves:
    """Right and left (the head). v: 0 at the middle of the face, 1 at the middle of the back."""

    right: int
    left: int

    def __call__(self, angles: Float32Array) -> tuple[UInt8Array, Float32Array]:
        part = np.where(angles < 0, np.uint8(self.right), np.uint8(self.left))
        return part, np.abs(angles) * np.float32(1 / math.pi)
