"""What a camera sees when nobody is there, and how far away it is: rendered once a camera."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

from sightline.cameras.synthetic import floor_plan as plan_of
from sightline.cameras.synthetic.arrays import BoolArray, Float64Array
from sightline.cameras.synthetic.buffers import FINER
from sightline.cameras.synthetic.camera import Camera
from sightline.cameras.synthetic.floor_plan import FloorPlan
from sightline.cameras.synthetic.furniture import Block
from sightline.cameras.synthetic.materials import CEILING, FLOORS, WALLS, face_colour, floor_colour
from sightline.types import Float32Array, UInt8Array

_NEAREST = 0.05
"""Metres; nothing nearer is seen."""
_FACES = (0.86, 1.0, 1.06)
"""Light on faces across x, y and z: what is turned from the lamp is darker."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """An empty room.

    Attributes:
        image: uint8 RGB (H, W, 3).
        depth: float32, metres along the optical axis, at :data:`FINER` times the picture's pixels each way.
        floor: bool (H, W): the floor is what is seen.
    """

    image: UInt8Array
    depth: Float32Array
    floor: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class _Painting:
    """A scenery in the making, all of the finer pixels; changed in place.

    Attributes:
        camera: with the finer pixels.
        rays: float32 (H, W, 3), see :func:`pixel_rays`.
        depth: float32 (H, W). colour: float32 (H, W, 3). floor: bool (H, W).
    """

    camera: Camera
    rays: Float32Array
    depth: Float32Array
    colour: Float32Array
    floor: BoolArray


def render_scenery(plan: FloorPlan, room: int, camera: Camera) -> Scenery:
    """The scenery of this room's camera."""
    painting = _ground(plan, room, camera.finer(FINER))
    near = (room - 1.3) * plan_of.ROOM_WIDTH, (room + 2.3) * plan_of.ROOM_WIDTH
    for block in (*plan.walls, *(block for blocks in plan.furniture for block in blocks)):
        if block.high[0] > near[0] and block.low[0] < near[1]:
            _add(block, painting)
    image = np.clip(painting.colour, 0, 255).astype(np.uint8)
    small = np.asarray(cv2.resize(image, camera.size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    return Scenery(small, painting.depth, painting.floor[::FINER, ::FINER].copy())


def pixel_rays(camera: Camera) -> Float32Array:
    """float32 (H, W, 3): what each pixel's middle looks along, world; a step of 1 is a metre along the optical axis."""
    width, height = camera.size_wh
    to_world: Float64Array = camera.rotation.T @ np.linalg.inv(camera.intrinsics)
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    rays = x[None, :, None] * to_world[:, 0] + y[..., None] * to_world[:, 1] + to_world[:, 2]
    return rays.astype(np.float32)


def _ground(plan: FloorPlan, room: int, camera: Camera) -> _Painting:
    """Floor below, ceiling above; the floor is darker at the walls and lighter below the lamp."""
    rays, eye = pixel_rays(camera), camera.position.astype(np.float32)
    floor = rays[..., 2] < 0
    level = np.where(floor, np.float32(0), np.float32(plan_of.HEIGHT)) - eye[2]
    depth = (level / np.where(np.abs(rays[..., 2]) < 1e-6, np.float32(1e-6), rays[..., 2])).astype(np.float32)
    x, y = eye[0] + depth * rays[..., 0], eye[1] + depth * rays[..., 1]
    colour = np.full(rays.shape, 150, np.float32)
    for number in range(max(0, room - 1), min(plan.rooms, room + 2)):
        here = np.clip(np.floor(x / plan_of.ROOM_WIDTH), 0, plan.rooms - 1) == number
        colour[here] = floor_colour(FLOORS[number % len(FLOORS)], x[here], y[here])
    colour *= _light_on_floor(x, y)[..., None]
    colour[~floor] = CEILING
    return _Painting(camera, rays, depth, colour, floor)


def _light_on_floor(x: Float32Array, y: Float32Array) -> Float32Array:
    across = x % plan_of.ROOM_WIDTH
    edge = np.minimum(np.minimum(across, plan_of.ROOM_WIDTH - across), np.minimum(np.abs(y), np.abs(y - plan_of.ROOM_DEPTH)))
    lamp = np.hypot(across - plan_of.ROOM_WIDTH / 2, y - plan_of.ROOM_DEPTH / 2)
    light: Float32Array = (0.80 + 0.20 * np.clip(edge / 0.8, 0, 1)) * (1.10 - 0.028 * np.minimum(lamp, 9))
    return light


def _add(block: Block, onto: _Painting) -> None:
    """Where it is nearer than what is there."""
    window = _window(block, onto.camera)
    rays, depth = onto.rays[window], onto.depth[window]
    eye = onto.camera.position.astype(np.float32)
    enter, leave, axis = _slabs(block, eye, rays)
    shown = (enter < leave) & (enter < depth) & (enter > _NEAREST)
    if not shown.any():
        return
    points, faces = eye + enter[shown][:, None] * rays[shown], axis[shown]
    along = np.where(faces == 0, points[:, 1], points[:, 0])
    own_room = (eye[0] if block.material == "wall" else block.low[0]) // plan_of.ROOM_WIDTH
    shades = np.array(_FACES, np.float32)[faces] * (0.84 + 0.16 * np.clip(points[:, 2] / 0.5, 0, 1))
    wall = WALLS[int(own_room) % len(WALLS)]
    onto.colour[window][shown] = face_colour(block.material, wall, along, points[:, 2]) * shades[:, None].astype(np.float32)
    depth[shown] = enter[shown]
    onto.floor[window][shown] = False


def _slabs(block: Block, eye: Float32Array, rays: Float32Array) -> tuple[Float32Array, Float32Array, UInt8Array]:
    """Depths of the last entry and the first exit of the block's three slabs, and the axis of that entry."""
    shape = rays.shape[:2]
    enter, leave = np.full(shape, _NEAREST, np.float32), np.full(shape, np.inf, np.float32)
    axis = np.zeros(shape, np.uint8)
    with np.errstate(divide="ignore", invalid="ignore"):
        for side in range(3):
            near, far = ((np.float32(bound[side]) - eye[side]) / rays[..., side] for bound in (block.low, block.high))
            first, last = np.minimum(near, far), np.maximum(near, far)
            axis[first > enter] = side
            enter, leave = np.maximum(enter, first), np.minimum(leave, last)
    return enter, leave, axis


def _window(block: Block, camera: Camera) -> tuple[slice, slice]:
    """The pixels that the block may cover; all of them where it reaches behind the camera."""
    corners = np.array(list(itertools.product(*zip(block.low, block.high, strict=True))), np.float64)
    pixels, depth = camera.project(corners)
    width, height = camera.size_wh
    if (depth < _NEAREST).any():
        return slice(0, height), slice(0, width)
    first, last = np.floor(pixels.min(0)), np.ceil(pixels.max(0)) + 1
    columns, rows = (
        slice(*np.clip((first[i], last[i]), 0, size).astype(int).tolist()) for i, size in ((0, width), (1, height))
    )
    return rows, columns
