"""Rows of the gallery's collection: what an earlier Sightline wrote is read as it is."""

from __future__ import annotations

import numpy as np

from sightline.adapters.milvus.rows import VALUES, row_to_sighting, sighting_to_row
from sightline.types import Sighting

SPACE = "space"


def sighting(**known: object) -> Sighting:
    return Sighting("s", "c", "f", 7, "c/t", (1, 2, 3, 4), 0.9, 0.5, np.ones(4, np.float32), SPACE, **known)


def test_a_row_of_an_earlier_sightline_lacks_what_it_did_not_know() -> None:
    known = sighting(attributes={"hat:yes": 0.7}, visibility=np.full(24, 0.02, np.float32))
    row = sighting_to_row(known, space=SPACE, dimension=4)
    del row["details"]["visibility"], row["details"][VALUES]
    back = row_to_sighting(row, SPACE)
    assert back.visibility is None
    assert back.attributes == {"hat:yes": 0.7}
    assert back.box_xywh == (1, 2, 3, 4)


def test_a_row_says_the_likeliest_values() -> None:
    known = sighting(attributes={"hat:yes": 0.2, "upper_colour:red": 0.3, "upper_colour:blue": 0.6})
    assert sighting_to_row(known, space=SPACE, dimension=4)["details"][VALUES] == {"hat": "no", "upper_colour": "blue"}
    assert sighting_to_row(sighting(), space=SPACE, dimension=4)["details"][VALUES] == {}
