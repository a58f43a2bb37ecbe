"""Where the limbs of a posed body lie on the body model's charts, and the little geometry that this takes."""

from __future__ import annotations

from sightline.body_model.charts import AllRound, TwoFaces
from sightline.body_model.limbs import SIDES
from sightline.body_model.parts import PARTS
from sightline.cameras.synthetic.arrays import Vector
from sightline.cameras.synthetic.limbs import AlongChart

AHEAD: Vector = (1.0, 0.0, 0.0)
ROUND = (1.0, 1.0)
UPPER_LEG_RADII, LOWER_LEG_RADII = (0.057, 0.038), (0.038, 0.023)


def faces(name: str, side: str, length: float, radii: tuple[float, float]) -> AlongChart:
    """The front and the back of an arm's or leg's part, by its name without the face."""
    return along(TwoFaces(PARTS.index(f"{name}_front"), PARTS.index(f"{name}_back"), SIDES[side]), length, radii)


def along(chart: TwoFaces | AllRound, length: float, radii: tuple[float, float]) -> AlongChart:
    """u from cap to cap, as in the fitted body model."""
    total = length + sum(radii)
    return AlongChart(chart, radii[0] / total, 1 / total)


def between(start: Vector, end: Vector, part: float) -> Vector:
    """The point so far on the way from start to end."""
    x, y, z = (a + part * (b - a) for a, b in zip(start, end, strict=True))
    return x, y, z
