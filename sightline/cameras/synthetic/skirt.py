"""A skirt: it hangs straight, wide enough for the legs below it. Lengths are parts of the stature."""

from __future__ import annotations

from dataclasses import replace

from sightline.body_model.limbs import SIDES
from sightline.cameras.synthetic.charting import AHEAD, LOWER_LEG_RADII, UPPER_LEG_RADII, faces
from sightline.cameras.synthetic.gait import SHANK, THIGH, Posture
from sightline.cameras.synthetic.limbs import AlongChart, Limb, SkirtChart, SurfaceChart
from sightline.cameras.synthetic.person import Person
from sightline.cameras.synthetic.wardrobe import NUMBER


def skirt(person: Person, posture: Posture) -> Limb:
    """From the hips, wider to its hem; it hangs straight whatever the legs do."""
    size, measures = person.measures.stature, person.measures
    pelvis = posture.points["pelvis"]
    rise = 0.02 * size
    reach = person.outfit.skirt * (THIGH + SHANK) * size + rise
    start, end = (pelvis[0], 0.0, pelvis[2] + rise), (pelvis[0], 0.0, pelvis[2] + rise - reach)
    top = max(measures.waist, measures.hip * 1.72) * size * measures.breadth * 1.02
    charts = {name: [_hanging(side, name, rise, size) for side in SIDES] for name in ("upper_leg", "lower_leg")}
    chart: SurfaceChart = SkirtChart(
        (charts["upper_leg"][0], charts["upper_leg"][1]),
        (charts["lower_leg"][0], charts["lower_leg"][1]),
        knee=rise + THIGH * size,
        apart=measures.hip * size,
    )
    knees, ankles = (max(abs(posture.points[f"{side}_{name}"][0] - pelvis[0]) for side in SIDES) for name in ("knee", "ankle"))
    below = max(0.0, reach / size - THIGH) / SHANK
    # the cloth lies on the legs, before them and behind them
    swung = knees * min(1.0, reach / (THIGH * size)) + max(0.0, ankles - knees) * below + 0.052 * size
    hem = max(top + 0.16 * reach, 0.85 * swung)
    flat = max(0.86, swung / hem)
    return Limb(start, end, AHEAD, (top, hem), (1.0, flat), NUMBER["skirt"], chart, open_end=True)


def _hanging(side: str, name: str, rise: float, size: float) -> AlongChart:
    """The chart of a leg that hangs straight down from its hip, told by metres along the skirt."""
    length, radii = (THIGH, UPPER_LEG_RADII) if name == "upper_leg" else (SHANK, LOWER_LEG_RADII)
    begin = rise + (0.0 if name == "upper_leg" else THIGH * size)
    whole = faces(f"{side}_{name}", side, length * size, (radii[0] * size, radii[1] * size))
    return replace(whole, first=whole.first - begin * whole.rate)
