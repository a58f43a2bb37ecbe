"""How large and how broad a body is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Measures:
    """A body's measures; lengths in metres, the rest as factors of the usual.

    Attributes:
        stature: of the standing body, without shoes and hat.
        breadth: of trunk and limbs.
        shoulder, hip: half the distance between the two shoulder (hip) joints, as a part of the stature.
        waist: half the waist's width, as a part of the stature.
        lean: of the trunk, forward, radians.
        step: how far the legs swing, radians from the vertical.
        swing: how far the arms swing, radians.
    """

    stature: float
    breadth: float
    shoulder: float
    hip: float
    waist: float
    lean: float
    step: float
    swing: float

    @property
    def stride(self) -> float:
        """Metres that one cycle of the gait covers: two steps of legs that swing by ``step``."""
        return float(4 * 0.53 * self.stature * np.sin(self.step))


_STATURE = {"young": (1.30, 0.06), "teenager": (1.60, 0.06), "adult": (1.74, 0.055), "old": (1.68, 0.05)}


def draw_measures(gender: str, age: str, random: np.random.Generator) -> Measures:
    """Measures of one person of this gender and age (values of :data:`sightline.attributes.ATTRIBUTES`)."""
    female = gender == "female"
    middle, spread = _STATURE[age]
    stature = middle + spread * float(np.clip(random.normal(), -1.8, 1.8)) - (0.09 if female and age != "young" else 0.0)
    return Measures(
        stature=stature,
        breadth=float(np.clip(random.normal(0.97 if female else 1.03, 0.08), 0.86, 1.24)),
        shoulder=0.100 if female else 0.112,
        hip=0.052 if female else 0.048,
        waist=0.068 if female else 0.078,
        lean=float(random.uniform(0.10, 0.18) if age == "old" else random.uniform(0.01, 0.06)),
        step=float(random.uniform(0.30, 0.37)) * (0.85 if age == "old" else 1.0),
        swing=float(random.uniform(0.22, 0.42)),
    )
