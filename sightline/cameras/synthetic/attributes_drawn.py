"""Who a person is and what they wear, drawn by chance: values of :data:`sightline.attributes.ATTRIBUTES`."""

from __future__ import annotations

import numpy as np

from sightline.attributes import ATTRIBUTES

_WEIGHTS = {
    "age": (0.08, 0.22, 0.58, 0.12),
    "upper_colour": (0.16, 0.17, 0.11, 0.07, 0.09, 0.12, 0.12, 0.09, 0.07),
    "lower_colour": (0.26, 0.09, 0.06, 0.05, 0.04, 0.14, 0.20, 0.05, 0.07, 0.04),
}
_YES = {"hat": 0.14, "backpack": 0.24, "bag": 0.22, "handbag": 0.16}


def draw_attributes(random: np.random.Generator) -> dict[str, str]:
    """Attribute -> value, all twelve; dresses and handbags are women's, and nobody carries all bags at once."""
    drawn = {name: str(random.choice(ATTRIBUTES[name], p=weights)) for name, weights in _WEIGHTS.items()}
    female = bool(random.random() < 0.5)
    drawn["gender"] = "female" if female else "male"
    drawn["hair"] = "long" if random.random() < (0.75 if female else 0.05) else "short"
    drawn["sleeve"] = "short" if random.random() < 0.5 else "long"
    drawn["lower_type"] = "dress" if female and random.random() < 0.38 else "pants"
    shorter = 0.75 if drawn["lower_type"] == "dress" else 0.3
    drawn["lower_length"] = "short" if random.random() < shorter else "long"
    chances = random.random(len(_YES))
    for (name, chance), thrown in zip(_YES.items(), chances, strict=True):
        often = chance * (1.6 if female else 0.25) if name == "handbag" else chance
        drawn[name] = "yes" if thrown < often else "no"
    if drawn["backpack"] == "yes":
        drawn["bag"] = "no"
    return {name: drawn[name] for name in ATTRIBUTES}
