"""What stands in the rooms and hangs on their walls: blocks, each of one material. Metres."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import Vector

_CLEAR_OF_DOORS = 1.7


@dataclass(frozen=True, slots=True)
class Block:
    """A box along the axes; ``material`` says how its faces look (:mod:`sightline.cameras.synthetic.materials`)."""

    low: Vector
    high: Vector
    material: str


def bench(x: float, y: float, turned: bool) -> tuple[Block, ...]:
    """A bench that hides people's legs."""
    long, deep = (0.35, 0.9) if turned else (0.9, 0.35)
    return (
        Block((x - long, y - deep, 0.12), (x + long, y + deep, 0.45), "wood"),
        Block((x - long + 0.1, y - deep + 0.06, 0.0), (x + long - 0.1, y + deep - 0.06, 0.12), "dark"),
    )


def counter(x: float, y: float, turned: bool) -> tuple[Block, ...]:
    """A counter with a top of its own: people behind it are seen from the waist up."""
    long, deep = (0.35, 1.1) if turned else (1.1, 0.35)
    return (
        Block((x - long, y - deep, 0.0), (x + long, y + deep, 0.95), "panel"),
        Block((x - long - 0.06, y - deep - 0.06, 0.95), (x + long + 0.06, y + deep + 0.06, 1.0), "wood"),
    )


def planter(x: float, y: float, turned: bool) -> tuple[Block, ...]:
    """A box with a hedge."""
    long, deep = (0.28, 0.55) if turned else (0.55, 0.28)
    return (
        Block((x - long, y - deep, 0.0), (x + long, y + deep, 0.45), "panel"),
        Block((x - long + 0.04, y - deep + 0.04, 0.45), (x + long - 0.04, y + deep - 0.04, 0.95), "leaves"),
    )


def column(x: float, y: float, turned: bool) -> tuple[Block, ...]:
    """A pillar up to the ceiling."""
    return (Block((x - 0.2, y - 0.2, 0.0), (x + 0.2, y + 0.2, 3.0), "pillar"),)


def shelves(x: float, y: float, turned: bool) -> tuple[Block, ...]:
    """A bookcase, as high as a child."""
    long, deep = (0.2, 0.8) if turned else (0.8, 0.2)
    return (Block((x - long, y - deep, 0.0), (x + long, y + deep, 1.3), "shelves"),)


Maker = Callable[[float, float, bool], tuple[Block, ...]]
_KINDS: tuple[Maker, ...] = (bench, counter, planter, column, shelves, bench, planter)
_PLACES = ((4.2, 4.4), (2.6, 5.6), (6.2, 5.4), (4.4, 6.3), (6.6, 3.2), (2.0, 3.6))
"""Where something may stand in a room: within sight of its camera."""


def furnished(room: int, doors: Sequence[tuple[float, float]], random: np.random.Generator) -> tuple[Block, ...]:
    """Three pieces at places away from the doors."""
    places = [(room * 8.5 + x, y) for x, y in _PLACES]
    free = [place for place in places if all(math.dist(place, door) > _CLEAR_OF_DOORS for door in doors)]
    chosen = random.permutation(len(free))[:3]
    kinds = random.permutation(len(_KINDS))
    found: list[Block] = []
    for place, kind in zip(chosen, kinds, strict=False):
        found += _KINDS[int(kind)](*free[int(place)], bool(random.random() < 0.5))
    return tuple(found)


def painted(room: int, doors: Sequence[tuple[float, float]], random: np.random.Generator) -> list[Block]:
    """Pictures on the back wall and the side walls, away from the doors."""
    left, back = room * 8.5, 8.0
    found: list[Block] = []
    for x in (1.6, 4.2, 6.9):
        if all(math.dist((left + x, back), door) > 1.7 for door in doors):
            wide, high = float(random.uniform(0.35, 0.7)), float(random.uniform(0.3, 0.5))
            found.append(
                Block((left + x - wide, back - 0.11, 1.55 - high), (left + x + wide, back - 0.05, 1.55 + high), _poster(random))
            )
    for wall, inward in ((left, 1), (left + 8.5, -1)):
        y = float(random.uniform(2.0, 6.5))
        if all(math.dist((wall, y), door) > 1.8 for door in doors):
            near, far = sorted((wall + inward * 0.05, wall + inward * 0.11))
            found.append(Block((near, y - 0.55, 1.1), (far, y + 0.55, 1.9), _poster(random)))
    return found


def _poster(random: np.random.Generator) -> str:
    return f"poster{int(random.integers(6))}"
