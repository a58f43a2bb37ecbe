"""People before a scenery: one camera's picture, and the maps that its truth is read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray, Float64Array, IndexArray, Vector
from sightline.cameras.synthetic.buffers import FINER, Box, Buffers, buffers
from sightline.cameras.synthetic.camera import Camera
from sightline.cameras.synthetic.crowd import Standing
from sightline.cameras.synthetic.limbs import stacked
from sightline.cameras.synthetic.painting import cover, paint_owner
from sightline.cameras.synthetic.projection import Projected, projected
from sightline.cameras.synthetic.scenery import Scenery
from sightline.cameras.synthetic.shadows import cast_shadow
from sightline.types import UInt8Array

_SAMPLED = ("head_top", "chest", "pelvis", "left_wrist", "right_wrist", "left_knee", "right_knee", "left_ankle", "right_ankle")
_MARGIN_PX, _MARGIN_M = 70, 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """What the renderer leaves behind; the buffers are overwritten by its next frame.

    Attributes:
        image: uint8 RGB (H, W, 3), before the camera's effects.
        people: whose limbs were painted, in this order; some may be hidden.
        covered: for each, how many samples their whole silhouette has within the picture.
        cut: for each, whether they reach beyond it.
        boxes: for each, rows and columns of the buffers that hold all of them.
        buffers: depth, owner and body coordinates, at :data:`FINER` times the pixels.
    """

    image: UInt8Array
    people: Sequence[Standing]
    covered: Sequence[int]
    cut: Sequence[bool]
    boxes: Sequence[Box]
    buffers: Buffers


class Renderer:
    """Renders one camera's pictures; not to be used by two threads at once.

    Args:
        camera: of the pictures.
        scenery: what it sees when nobody is there.
        lamp: where the room's light hangs, world.
    """

    def __init__(self, camera: Camera, scenery: Scenery, *, lamp: Vector) -> None:
        self._camera = camera
        self._scenery = scenery
        self._lamp = np.array(lamp, np.float64)
        self._buffers = buffers(camera.size_wh)
        self._painted: list[Box] | None = None
        self._silhouette = np.zeros(self._buffers.depth.shape, np.bool_)

    def render(self, people: Sequence[Standing]) -> Rendered:
        """The picture of these people."""
        near = [person for person in people if self._may_be_seen(person)]
        near.sort(key=lambda person: float(self._camera.to_camera(np.array((*person.position, 1.0)))[2]))
        self._buffers.clear(self._scenery.depth, self._painted)
        limbs = [person.limbs() for person in near]
        owner = [index for index, each in enumerate(limbs) for _ in each]
        stack = stacked([limb for each in limbs for limb in each], owner)
        seen = projected(stack, self._camera.finer(FINER))
        image, covered, cut = self._scenery.image.copy(), list[int](), list[bool]()
        boxes = self._painted = [_union(seen, np.flatnonzero(stack.owner == index)) for index in range(len(near))]
        lamps = [self._lamp_from(person) for person in near]
        ends = np.searchsorted(stack.owner, np.arange(len(near) + 1)).tolist()
        own = [slice(first, last) for first, last in pairwise(ends)]
        for person, lamp, mine, box in zip(near, lamps, own, boxes, strict=True):
            cast_shadow(person, lamp, self._camera, self._scenery.floor, image)
            self._silhouette[box] = False
            for limb in range(mine.start, mine.stop):
                cover(stack, seen, limb, self._buffers, self._silhouette)
            covered.append(int(np.count_nonzero(self._silhouette[box])))
            cut.append(bool(seen.cut[mine].any()))
        for index, (person, lamp, mine, box) in enumerate(zip(near, lamps, own, boxes, strict=True)):
            paint_owner(stack, seen, mine, box=box, owner=index + 1, atlas=person.person.atlas, lamp=lamp, onto=self._buffers)
        ground = image.copy()
        for box in boxes:
            self._compose(ground, image, box)
        return Rendered(image, near, covered, cut, boxes, self._buffers)

    def _compose(self, ground: UInt8Array, image: UInt8Array, box: Box) -> None:
        """People over the scenery, by how much of a pixel they cover; from ``ground`` into ``image``: boxes overlap."""
        rows, columns = (slice(side.start // FINER, side.stop // FINER) for side in box)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        size = (columns.stop - columns.start, rows.stop - rows.start)
        taken = cv2.resize(
            np.where(self._buffers.owner[box] > 0, np.uint8(255), np.uint8(0)), size, interpolation=cv2.INTER_AREA
        )
        people = cv2.resize(self._buffers.colour[box], size, interpolation=cv2.INTER_AREA)
        rest = cv2.merge([255 - taken] * 3)
        image[rows, columns] = cv2.add(cv2.multiply(ground[rows, columns], rest, scale=1 / 255), people)

    def _may_be_seen(self, person: Standing) -> bool:
        """Not so when all of them is far outside the picture or well behind a wall."""
        pixels, depth = self._camera.project(person.points(_SAMPLED))
        width, height = self._camera.size_wh
        x, y = pixels.T
        ahead = (depth > 0.3) & (x > -_MARGIN_PX) & (x < width + _MARGIN_PX) & (y > -_MARGIN_PX) & (y < height + _MARGIN_PX)
        if not ahead.any():
            return False
        columns = np.clip(x * FINER, 0, width * FINER - 1).astype(np.intp)
        rows = np.clip(y * FINER, 0, height * FINER - 1).astype(np.intp)
        inside: BoolArray = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        # what lies just outside the picture is hidden by what goes on at the picture's edge
        hidden = self._scenery.depth[rows, columns] < depth - np.where(inside, _MARGIN_M, 2 * _MARGIN_M)
        return bool((ahead & ~hidden).any())

    def _lamp_from(self, person: Standing) -> Float64Array:
        direction: Float64Array = self._lamp - np.array((*person.position, 1.2))
        return direction / np.linalg.norm(direction)


def _union(seen: Projected, limbs: IndexArray) -> Box:
    """Rows and columns of the buffers that hold all of these limbs, of whole pixels."""
    windows = seen.window[limbs]
    windows = windows[(windows[:, 0] < windows[:, 2]) & (windows[:, 1] < windows[:, 3])]
    if not len(windows):
        return slice(0, 0), slice(0, 0)
    first_x, first_y = (windows[:, :2].min(0) // FINER * FINER).tolist()
    last_x, last_y = (-(-windows[:, 2:].max(0) // FINER) * FINER).tolist()
    return slice(first_y, last_y), slice(first_x, last_x)
