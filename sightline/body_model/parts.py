"""The 24 parts of DensePose: ids, names, left-right and front-back pairs.

The public documents of DensePose name the side of each part but not the face. The faces here are: the lower id of each pair of
faces is the back, the higher the front.
"""

from __future__ import annotations

from collections.abc import Iterable

from sightline.skeleton import mirrored

PARTS: tuple[str, ...] = (
    "background",
    "torso_back", "torso_front",
    "right_hand", "left_hand",
    "left_foot", "right_foot",
    "right_upper_leg_back", "left_upper_leg_back", "right_upper_leg_front", "left_upper_leg_front",
    "right_lower_leg_back", "left_lower_leg_back", "right_lower_leg_front", "left_lower_leg_front",
    "left_upper_arm_back", "right_upper_arm_back", "left_upper_arm_front", "right_upper_arm_front",
    "left_lower_arm_back", "right_lower_arm_back", "left_lower_arm_front", "right_lower_arm_front",
    "right_head", "left_head",
)  # fmt: skip
"""Name of each id, 0 to 24."""

FLIP: tuple[int, ...] = tuple(PARTS.index(mirrored(name)) for name in PARTS)
"""The id that an id becomes when the picture is flipped left to right; its own inverse."""

UNPAIRED: tuple[int, ...] = tuple(part for part, other in enumerate(FLIP) if part == other and part > 0)
"""The parts that lie on both sides of the body, the torso's two: a flip mirrors them within themselves."""


def _without_side(name: str) -> str:
    return name.removeprefix("left_").removeprefix("right_")


def _without_face(name: str) -> str:
    return name.removesuffix("_back").removesuffix("_front")


def _grouped(group_names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Group name -> positions, groups in order of their first member."""
    groups: dict[str, tuple[int, ...]] = {}
    for index, group in enumerate(group_names):
        groups[group] = (*groups.get(group, ()), index)
    return groups


LEFT_RIGHT: dict[str, tuple[int, ...]] = _grouped(map(_without_side, PARTS[1:]))
"""13 regions -> where their parts stand among the 24, counted from 0 (id 1 is 0). DSA-reID's Fig. 4, first level."""

FRONT_BACK: dict[str, tuple[int, ...]] = _grouped(map(_without_face, LEFT_RIGHT))
"""8 regions -> where their faces stand among the 13, counted from 0. DSA-reID's Fig. 4, second level."""
