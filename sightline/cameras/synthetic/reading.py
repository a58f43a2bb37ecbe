"""The truth of a frame, read from what the renderer left."""

from __future__ import annotations

import cv2
import numpy as np

from sightline.cameras.synthetic.arrays import Float64Array, IndexArray
from sightline.cameras.synthetic.buffers import FINER, TRUTH_AT, Box, Buffers
from sightline.cameras.synthetic.camera import Camera
from sightline.cameras.synthetic.ground_truth import FrameTruth, Visibility
from sightline.cameras.synthetic.renderer import Rendered
from sightline.skeleton import JOINTS
from sightline.types import DenseCoordinates, Float32Array, UInt8Array

_BELOW_THE_SURFACE = 0.13
"""Metres that a joint may lie behind the skin that is seen, and count as seen."""


def read_truth(rendered: Rendered, camera: Camera, *, name: str, time_us: int) -> FrameTruth:
    """Everything that is true of the picture.

    Args:
        rendered: the last frame of its renderer.
        camera: of the picture.
        name, time_us: the camera's id, and when the picture was taken.
    """
    painted = rendered.buffers
    found = [np.count_nonzero(painted.owner[box] == index + 1) for index, box in enumerate(rendered.boxes)]
    share = np.array(found, np.float32) / np.maximum(np.array(rendered.covered, np.float32), 1)
    pids = np.array([person.person.pid for person in rendered.people], np.int64)
    owner = painted.owner[TRUTH_AT::FINER, TRUTH_AT::FINER]
    seen = np.array([(owner[_coarse(box)] == index + 1).any() for index, box in enumerate(rendered.boxes)], np.bool_)
    order = np.flatnonzero(seen)[np.argsort(pids[seen])]
    places = np.zeros(256, np.uint8)
    places[order + 1] = np.arange(1, len(order) + 1)
    owner = np.asarray(cv2.LUT(np.ascontiguousarray(owner), places), np.uint8).reshape(owner.shape)
    joints, visibility = _joints(rendered, camera, order)
    return FrameTruth(
        name,
        time_us,
        camera.size_wh,
        pids[order],
        np.array([_extent(owner, rank + 1, rendered.boxes[place]) for rank, place in enumerate(order)], np.float32).reshape(
            -1, 4
        ),
        share[order].astype(np.float32),
        np.array(rendered.cut, np.bool_)[order],
        joints,
        visibility,
        owner,
        _dense(painted, owner),
    )


def _coarse(box: Box) -> Box:
    """Of the picture, where ``box`` is of the buffers."""
    rows, columns = (slice(side.start // FINER, -(-side.stop // FINER)) for side in box)
    return rows, columns


def _extent(owner: UInt8Array, number: int, box: Box) -> tuple[int, int, int, int]:
    """x, y, width and height of what has this number in the map of owners; all of it lies in the box (of the buffers)."""
    rows, columns = _coarse(box)
    mine = owner[rows, columns] == number
    across, down = np.flatnonzero(mine.any(axis=0)), np.flatnonzero(mine.any(axis=1))
    left, top = int(across[0]), int(down[0])
    return columns.start + left, rows.start + top, int(across[-1]) + 1 - left, int(down[-1]) + 1 - top


def _dense(painted: Buffers, owner: UInt8Array) -> DenseCoordinates:
    part = np.where(owner > 0, painted.part, np.uint8(0))
    u, v = (np.where(part > 0, each, np.float32(0)) for each in (painted.u, painted.v))
    return DenseCoordinates(part[None], u[None], v[None])


def _joints(rendered: Rendered, camera: Camera, order: IndexArray) -> tuple[Float32Array, UInt8Array]:
    """Pixels (N, J, 2) and :class:`Visibility` (N, J) of these people."""
    xy, visibility = np.zeros((len(order), len(JOINTS), 2), np.float32), np.zeros((len(order), len(JOINTS)), np.uint8)
    for row, place in enumerate(order.tolist()):
        pixels, depth = camera.project(rendered.people[place].joints())
        xy[row] = pixels
        visibility[row] = _visibility(rendered.buffers, pixels, depth, place)
    return xy, visibility


def _visibility(painted: Buffers, pixels: Float64Array, depth: Float64Array, place: int) -> UInt8Array:
    height, width = painted.depth.shape
    fine = np.floor(pixels * FINER)
    inside = (fine >= 0).all(axis=1) & (fine < (width, height)).all(axis=1) & (depth > 0)
    columns, rows = np.clip(fine, 0, (width - 1, height - 1)).astype(np.intp).T
    behind = painted.depth[rows, columns] < depth - _BELOW_THE_SURFACE
    own = painted.owner[rows, columns] == place + 1
    hidden = np.where(own, Visibility.SELF_OCCLUDED, Visibility.OCCLUDED)
    return np.where(inside, np.where(behind, hidden, Visibility.VISIBLE), Visibility.OUTSIDE).astype(np.uint8)
