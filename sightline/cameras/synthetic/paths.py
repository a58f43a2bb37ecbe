"""Where people can walk: places in the rooms, doors, the corridor, and the shortest way between any two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic import floor_plan as plan_of
from sightline.cameras.synthetic.arrays import Float64Array, IndexArray
from sightline.cameras.synthetic.floor_plan import FloorPlan, Point
from sightline.cameras.synthetic.furniture import Block

_PATH_STREAM = 3
_PLACES_A_ROOM = 9
_BEYOND_THE_CORRIDOR = 5.0
"""Metres beyond the last room, where nobody can be seen."""


@dataclass(frozen=True, slots=True, eq=False)
class PathNetwork:
    """Places and the ways between them.

    Attributes:
        places: float64 (N, 2), metres; the first two are the corridor's ends, out of sight.
        rooms: for each room, which places lie in it and are no doors.
        following: intp (N, N): the first step on the shortest way from row to column.
    """

    places: Float64Array
    rooms: tuple[tuple[int, ...], ...]
    following: IndexArray

    def way(self, start: int, end: int) -> list[int]:
        """The places on the shortest way, with both its ends."""
        found = [start]
        while found[-1] != end:
            found.append(int(self.following[found[-1], end]))
        return found


def draw_paths(seed: int, plan: FloorPlan) -> PathNetwork:
    """The network of this plan: the same for the same seed."""
    random = np.random.default_rng((seed, _PATH_STREAM))
    corridor = plan_of.ROOM_DEPTH + plan_of.CORRIDOR_DEPTH / 2
    places: list[Point] = [
        (-_BEYOND_THE_CORRIDOR, corridor),
        (plan.rooms * plan_of.ROOM_WIDTH + _BEYOND_THE_CORRIDOR, corridor),
    ]
    steps: list[tuple[int, int]] = []
    in_corridor, doors = [0, 1], [list[int]() for _ in range(plan.rooms)]
    for door in plan.doors:
        near, far = len(places), len(places) + 1
        places += [door.inside, door.outside]
        steps.append((near, far))
        doors[door.rooms[0]].append(near)
        (in_corridor if door.rooms[1] < 0 else doors[door.rooms[1]]).append(far)
    steps += [(one, other) for one in in_corridor for other in in_corridor if one < other]
    rooms: list[tuple[int, ...]] = []
    for room in range(plan.rooms):
        free = _free_places(room, plan.furniture[room], random)
        numbers = tuple(range(len(places), len(places) + len(free)))
        places += free
        here = [*doors[room], *numbers]
        steps += [(a, b) for a in here for b in here if a < b and _clear(places[a], places[b], plan.furniture[room])]
        rooms.append(numbers)
    following, reached = _shortest(np.array(places, np.float64), steps)
    kept = tuple(tuple(place for place in room if reached[0, place] < math.inf) for room in rooms)
    return PathNetwork(np.array(places, np.float64), kept, following)


def _free_places(room: int, furniture: Sequence[Block], random: np.random.Generator) -> list[Point]:
    """Spread over the room, at a distance from walls and furniture."""
    margin, found = plan_of.CLEAR_OF_WALLS, list[Point]()
    for _ in range(400):
        x = room * plan_of.ROOM_WIDTH + float(random.uniform(margin, plan_of.ROOM_WIDTH - margin))
        y = float(random.uniform(1.6, plan_of.ROOM_DEPTH - margin))
        if (
            len(found) < _PLACES_A_ROOM
            and _clear((x, y), (x, y), furniture)
            and all(math.dist((x, y), each) > 1.1 for each in found)
        ):
            found.append((x, y))
    return found


def _clear(start: Point, end: Point, furniture: Sequence[Block]) -> bool:
    """Whether one can walk straight from here to there."""
    count = max(2, int(math.dist(start, end) / 0.1))
    xs, ys = np.linspace(start[0], end[0], count), np.linspace(start[1], end[1], count)
    margin = plan_of.CLEAR_OF_FURNITURE
    return not any(
        bool(
            (
                (xs > block.low[0] - margin) & (xs < block.high[0] + margin)
                & (ys > block.low[1] - margin) & (ys < block.high[1] + margin)
            ).any()
        )
        for block in furniture
    )  # fmt: skip


def _shortest(places: Float64Array, steps: Sequence[tuple[int, int]]) -> tuple[IndexArray, Float64Array]:
    """First steps and lengths of all shortest ways (Floyd and Warshall)."""
    count = len(places)
    length = np.full((count, count), np.inf)
    following = np.tile(np.arange(count, dtype=np.intp), (count, 1))
    np.fill_diagonal(length, 0)
    for one, other in steps:
        length[one, other] = length[other, one] = math.dist(places[one], places[other])
    for middle in range(count):
        through = length[:, middle, None] + length[None, middle]
        shorter = through < length
        length[shorter] = through[shorter]
        following = np.where(shorter, following[:, middle, None], following)
    return following, length
