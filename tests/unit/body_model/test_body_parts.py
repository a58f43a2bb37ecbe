"""DensePose's part ids as the recipes list them, and the merging of DSA-reID's Fig. 4."""

from __future__ import annotations

import pytest

from sightline.body_model.parts import FLIP, FRONT_BACK, LEFT_RIGHT, PARTS, UNPAIRED


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("torso", (1, 2)),
        ("right_hand", (3,)),
        ("left_hand", (4,)),
        ("left_foot", (5,)),
        ("right_foot", (6,)),
        ("right_upper_leg", (7, 9)),
        ("left_upper_leg", (8, 10)),
        ("right_lower_leg", (11, 13)),
        ("left_lower_leg", (12, 14)),
        ("left_upper_arm", (15, 17)),
        ("right_upper_arm", (16, 18)),
        ("left_lower_arm", (19, 21)),
        ("right_lower_arm", (20, 22)),
    ],
)
def test_ids(name: str, ids: tuple[int, ...]) -> None:
    assert tuple(part for part, known in enumerate(PARTS) if known.startswith(name)) == ids


def test_a_flip_swaps_the_limbs_and_keeps_the_torso() -> None:
    assert FLIP == (0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23)
    assert UNPAIRED == (1, 2)


def test_24_parts_become_13_and_these_8() -> None:
    assert [tuple(part + 1 for part in parts) for parts in LEFT_RIGHT.values()] == [
        (1,), (2,), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16), (17, 18), (19, 20), (21, 22), (23, 24),
    ]  # fmt: skip
    assert [tuple(part + 1 for part in parts) for parts in FRONT_BACK.values()] == [
        (1, 2), (3,), (4,), (5, 6), (7, 8), (9, 10), (11, 12), (13,),
    ]  # fmt: skip
    assert tuple(FRONT_BACK) == ("torso", "hand", "foot", "upper_leg", "lower_leg", "upper_arm", "lower_arm", "head")
