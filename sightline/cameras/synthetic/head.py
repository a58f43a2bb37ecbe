"""Head, neck, hair and hat. Lengths are parts of the stature."""

from __future__ import annotations

from collections.abc import Iterator

from sightline.body_model.charts import TwoHalves
from sightline.body_model.limbs import CHIN
from sightline.body_model.parts import PARTS
from sightline.cameras.synthetic.arrays import Vector
from sightline.cameras.synthetic.charting import AHEAD, ROUND, between
from sightline.cameras.synthetic.gait import HEAD, Posture
from sightline.cameras.synthetic.limbs import AlongChart, Limb, distance
from sightline.cameras.synthetic.person import Person
from sightline.cameras.synthetic.wardrobe import NUMBER

_HEAD = TwoHalves(PARTS.index("right_head"), PARTS.index("left_head"))
_CHART_LENGTH = CHIN * HEAD
"""u of the head runs from its top to the chin, as the fitted body model's; what lies below has u = 1."""


def head_limbs(person: Person, posture: Posture) -> Iterator[Limb]:
    """In the body's frame."""
    size, outfit = person.measures.stature, person.outfit
    top, neck, head = (posture.points[name] for name in ("head_top", "neck", "head"))
    chart_length = _CHART_LENGTH * size

    def chart(start: Vector) -> AlongChart:
        return AlongChart(_HEAD, distance(top, start) / chart_length if start[2] < top[2] else 0.0, 1 / chart_length)

    radius, core = 0.064 * size, between(top, neck, 0.39)
    chin = between(top, neck, 0.47)
    yield Limb(core, chin, AHEAD, (radius, radius * 0.93), (0.74, 0.92), NUMBER["head"], chart(core))
    yield Limb(
        between(top, neck, 0.72),
        (neck[0], neck[1], neck[2] - 0.01 * size),
        AHEAD,
        (0.031 * size, 0.036 * size),
        ROUND,
        NUMBER["neck"],
        chart(between(top, neck, 0.72)),
    )
    nose = posture.points["nose"]
    bridge = (nose[0] - 0.012 * size, nose[1], nose[2] + 0.012 * size)
    yield Limb(
        bridge,
        (nose[0] - 0.006 * size, nose[1], nose[2]),
        AHEAD,
        (0.006 * size, 0.009 * size),
        ROUND,
        NUMBER["neck"],
        chart(bridge),
    )
    crown = (head[0] - 0.012 * size, 0.0, head[2] + 0.012 * size)
    yield Limb(
        crown,
        (crown[0] - 0.006 * size, 0.0, crown[2] - 0.02 * size),
        AHEAD,
        (0.064 * size, 0.056 * size),
        (0.82, 0.92),
        NUMBER["hair"],
        chart(crown),
    )
    if person.attributes["hair"] == "long":
        begin = (head[0] - 0.024 * size, 0.0, head[2])
        end = (head[0] - 0.052 * size, 0.0, head[2] - 0.135 * size)
        yield Limb(begin, end, AHEAD, (0.052 * size, 0.040 * size), (0.95, 0.62), NUMBER["hair"], chart(begin))
    if person.has("hat"):
        dome = (head[0] - 0.004 * size, 0.0, head[2] + 0.042 * size)
        yield Limb(
            dome,
            (dome[0], 0.0, dome[2] - 0.012 * size),
            AHEAD,
            (0.060 * size, 0.062 * size),
            (0.92, 1.05),
            NUMBER["hat"],
            chart(dome),
        )
        brim = (dome[0] + (0.0 if outfit.hat_brim else 0.055 * size), 0.0, dome[2] - 0.010 * size)
        wide = (0.105, 0.108) if outfit.hat_brim else (0.046, 0.05)
        thick = 0.007 * size
        yield Limb(
            brim,
            (brim[0], 0.0, brim[2] - 0.001),
            AHEAD,
            (thick, thick),
            (wide[0] * size / thick, wide[1] * size / thick),
            NUMBER["brim"],
            chart(brim),
        )
