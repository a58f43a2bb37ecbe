"""Rooms in a row, a camera in each, doors between them, and a corridor behind that no camera sees. Metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.furniture import Block, furnished, painted

ROOM_WIDTH, ROOM_DEPTH, HEIGHT = 8.5, 8.0, 3.0
CORRIDOR_DEPTH = 2.2
DOOR_WIDTH, DOOR_HEIGHT = 1.6, 2.2
WALL = 0.14
CLEAR_OF_WALLS, CLEAR_OF_FURNITURE = 0.65, 0.42
"""How far people keep from them."""

_PLAN_STREAM = 2

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Door:
    """A gap in a wall, without a leaf.

    Attributes:
        middle: of the gap.
        inside, outside: where one stands before it and behind it.
        rooms: the numbers of the rooms that it joins; the second is -1 for the corridor.
    """

    middle: Point
    inside: Point
    outside: Point
    rooms: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """Room k covers x from k * ROOM_WIDTH to (k + 1) * ROOM_WIDTH, y from 0 to ROOM_DEPTH.

    Attributes:
        rooms: how many there are.
        doors: between rooms, and from each room to the corridor.
        walls: blocks of walls with what hangs on them.
        furniture: by room.
    """

    rooms: int
    doors: tuple[Door, ...]
    walls: tuple[Block, ...]
    furniture: tuple[tuple[Block, ...], ...]

    def room_of(self, x: float, y: float) -> int:
        """The number of the room in which a point lies; -1 = the corridor or outside."""
        room = int(np.floor(x / ROOM_WIDTH))
        return room if 0 <= y < ROOM_DEPTH and 0 <= room < self.rooms else -1


def draw_floor_plan(seed: int, rooms: int) -> FloorPlan:
    """The plan of the world with this seed: the same each time."""
    random = np.random.default_rng((seed, _PLAN_STREAM))
    doors = [*(_between(room, random) for room in range(rooms - 1)), *(_to_corridor(room, random) for room in range(rooms))]
    walls: list[Block] = []
    for room in range(rooms + 1):
        gap = next((door.middle[1] for door in doors if door.rooms == (room - 1, room)), None)
        walls += _wall((room * ROOM_WIDTH, 0.0), (room * ROOM_WIDTH, ROOM_DEPTH), gap)
    for room in range(rooms):
        gap = next(door.middle[0] for door in doors if door.rooms == (room, -1))
        walls += _wall((room * ROOM_WIDTH, ROOM_DEPTH), ((room + 1) * ROOM_WIDTH, ROOM_DEPTH), gap)
    far = ROOM_DEPTH + CORRIDOR_DEPTH
    walls += [*_wall((0.0, far), (rooms * ROOM_WIDTH, far), None), *_wall((0.0, 0.0), (rooms * ROOM_WIDTH, 0.0), None)]
    pictures = [block for room in range(rooms) for block in painted(room, doors_of(doors, room), random)]
    furniture = tuple(furnished(room, doors_of(doors, room), random) for room in range(rooms))
    return FloorPlan(rooms, tuple(doors), (*walls, *pictures), furniture)


def doors_of(doors: list[Door], room: int) -> list[Point]:
    """The middles of a room's doors."""
    return [door.middle for door in doors if room in door.rooms]


def _between(room: int, random: np.random.Generator) -> Door:
    x, y = (room + 1) * ROOM_WIDTH, float(random.uniform(3.2, ROOM_DEPTH - 2.0))
    return Door((x, y), (x - 0.7, y), (x + 0.7, y), (room, room + 1))


def _to_corridor(room: int, random: np.random.Generator) -> Door:
    x = room * ROOM_WIDTH + float(random.uniform(2.4, ROOM_WIDTH - 2.4))
    return Door((x, ROOM_DEPTH), (x, ROOM_DEPTH - 0.8), (x, ROOM_DEPTH + CORRIDOR_DEPTH / 2), (room, -1))


def _wall(start: Point, end: Point, gap: float | None) -> list[Block]:
    """A wall along x or y with a door in it, whose middle is at ``gap`` of that axis."""
    axis = 0 if end[0] > start[0] else 1
    low, high = start[axis] - WALL / 2, end[axis] + WALL / 2

    def piece(stretch: Point, heights: Point, material: str = "wall", wider: float = 0.0) -> Block:
        near, far = start[1 - axis] - WALL / 2 - wider, start[1 - axis] + WALL / 2 + wider
        across = ((stretch[0], near), (stretch[1], far)) if axis == 0 else ((near, stretch[0]), (far, stretch[1]))
        return Block((*across[0], heights[0]), (*across[1], heights[1]), material)

    if gap is None:
        return [piece((low, high), (0.0, HEIGHT))]
    first, last = gap - DOOR_WIDTH / 2, gap + DOOR_WIDTH / 2
    return [
        piece((low, first), (0.0, HEIGHT)),
        piece((last, high), (0.0, HEIGHT)),
        piece((first, last), (DOOR_HEIGHT, HEIGHT)),
        piece((first, last), (DOOR_HEIGHT - 0.06, DOOR_HEIGHT + 0.05), "frame", 0.03),
        *(piece((edge - 0.05, edge + 0.05), (0.0, DOOR_HEIGHT + 0.05), "frame", 0.03) for edge in (first, last)),
    ]
