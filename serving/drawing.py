"""What is known of a body, drawn over the crop: its box, its skeleton, and which part each pixel shows.

Part maps are not kept with the sightings: one is computed anew, from the stored crop, when somebody wants to see it. That is
rare, while a map would be carried by every event and every row; and sightings that are older than the dense model have one too.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np

from serving.pool import BlockingPool
from serving.schemas import Layer
from sightline.body_model.parts import FRONT_BACK, LEFT_RIGHT, PARTS
from sightline.decoding import ImageLimits, decode_image
from sightline.geometry import xywh_to_xyxy
from sightline.skeleton import JOINTS, LIMBS
from sightline.stages.ladder import Ask, ask_plainly
from sightline.stages.perception import DENSE, PartMaps, Perception
from sightline.types import Float32Array, Sighting, UInt8Array

LEAST_HEIGHT_PX = 384
"""Smaller crops are enlarged first, so that lines are thin beside the person."""

_LIMITS = ImageLimits(max_bytes=16 * 1024 * 1024, max_pixels=20_000_000, max_side=16_384)
_OPACITY = 0.6
_BOX, _BONE, _JOINT = (77, 121, 255), (255, 255, 255), (255, 176, 32)
_OUTLINE = (20, 24, 34)
_UNSURE = 0.2
"""Joints of less confidence are not drawn."""


class CropDrawing:
    """Draws over crops; part maps are asked of the dense stage, and left out where it does not answer."""

    def __init__(self, perception: Perception, pool: BlockingPool, *, ask: Ask = ask_plainly) -> None:
        self._perception = perception
        self._pool = pool
        self._ask = ask

    def drawable(self, sighting: Sighting) -> list[Layer]:
        """What can be drawn over a sighting's crop."""
        there: list[tuple[Layer, bool]] = [
            ("box", True),
            ("skeleton", _has_skeleton(sighting)),
            ("parts", self._perception.has_dense),
        ]
        placed = sighting.crop_key is not None and sighting.crop_box_xywh is not None
        return [layer for layer, known in there if known and placed]

    async def draw(self, jpeg: bytes, sighting: Sighting, layers: Sequence[str]) -> bytes:
        """A crop as JPEG with these layers over it; what is not known of the sighting is left out.

        Raises:
            RejectedFrame: what was kept is no picture.
        """
        wanted = [layer for layer in self.drawable(sighting) if layer in layers]
        image = await self._pool.run(decode_image, jpeg, limits=_LIMITS)
        box = np.array(sighting.crop_box_xywh or (0, 0, image.shape[1], image.shape[0]), np.float32)
        maps = None
        if "parts" in wanted:
            look = partial(self._perception.part_maps, image, xywh_to_xyxy(box[None]))
            maps = await self._ask(DENSE, look)
        keypoints = sighting.keypoints if "skeleton" in wanted else None
        return await self._pool.run(_drawn, image, box, box_too="box" in wanted, keypoints=keypoints, maps=maps)


def _has_skeleton(sighting: Sighting) -> bool:
    """Records of an earlier Sightline may hold a model's own joints, whose names nobody knows."""
    return sighting.keypoints is not None and len(sighting.keypoints) == len(JOINTS)


def _drawn(
    image: UInt8Array, box_xywh: Float32Array, *, box_too: bool, keypoints: Float32Array | None, maps: PartMaps | None
) -> bytes:
    scale = max(1.0, LEAST_HEIGHT_PX / image.shape[0])
    canvas = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    box = box_xywh * np.float32(scale)
    if maps is not None:
        _paint_parts(canvas, maps.part[0], maps.views_xywh[0] * np.float32(scale))
    if box_too:
        corners = [box[:2] + box[2:] * np.array(corner, np.float32) for corner in ((0, 0), (1, 0), (1, 1), (0, 1))]
        _outlined(canvas, list(zip(corners, corners[1:] + corners[:1], strict=True)), _BOX)
    if keypoints is not None:
        _draw_skeleton(canvas, keypoints, box)
    encoded, jpeg = cv2.imencode(".jpg", cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert encoded, "JPEG encoding of an 8-bit picture does not fail"
    return jpeg.tobytes()


def _paint_parts(canvas: UInt8Array, part: UInt8Array, view_xywh: Float32Array) -> None:
    """Lay a part map over the canvas, in place; beyond the canvas it is cut off."""
    height, width = canvas.shape[:2]
    columns = (np.arange(width) + 0.5 - view_xywh[0]) / view_xywh[2] * part.shape[1]
    rows = (np.arange(height) + 0.5 - view_xywh[1]) / view_xywh[3] * part.shape[0]
    inside = ((rows >= 0) & (rows < part.shape[0]))[:, None] & ((columns >= 0) & (columns < part.shape[1]))[None]
    at = np.ix_(rows.clip(0, part.shape[0] - 1).astype(int), columns.clip(0, part.shape[1] - 1).astype(int))
    shown = np.where(inside, part[at].clip(0, len(PARTS) - 1), 0)
    colours = PART_COLOURS[shown].astype(np.float32)
    blended = np.rint(_OPACITY * colours + (1 - _OPACITY) * canvas).astype(np.uint8)
    np.copyto(canvas, blended, where=(shown > 0)[..., None])


def _draw_skeleton(canvas: UInt8Array, keypoints: Float32Array, box_xywh: Float32Array) -> None:
    points = {
        joint: box_xywh[:2] + point[:2] * box_xywh[2:]
        for joint, point in zip(JOINTS, keypoints, strict=True)
        if point[2] >= _UNSURE
    }
    _outlined(canvas, [(points[a], points[b]) for a, b in LIMBS if a in points and b in points], _BONE)
    radius = max(3, canvas.shape[0] // 110)
    for point in points.values():
        cv2.circle(canvas, _pixel(point), radius, _OUTLINE, -1, cv2.LINE_AA)
        cv2.circle(canvas, _pixel(point), radius - 1, _JOINT, -1, cv2.LINE_AA)


def _outlined(canvas: UInt8Array, lines: Sequence[tuple[Float32Array, Float32Array]], colour: tuple[int, int, int]) -> None:
    """Lines with a dark edge, so that they are seen on any clothes."""
    width = max(2, canvas.shape[0] // 160)
    for thickness, shade in ((width + 2, _OUTLINE), (width, colour)):
        for start, end in lines:
            cv2.line(canvas, _pixel(start), _pixel(end), shade, thickness, cv2.LINE_AA)


def _pixel(point: Float32Array) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _part_colours() -> UInt8Array:
    """uint8 (25, 3) RGB: a hue for each region of the body; the right side and the back are darker."""
    colours = np.zeros((len(PARTS), 3), np.uint8)
    for region, surfaces in enumerate(FRONT_BACK.values()):
        for part in (part for surface in surfaces for part in tuple(LEFT_RIGHT.values())[surface]):
            name = PARTS[part + 1]
            value = 1.0 - 0.22 * name.startswith("right") - 0.18 * name.endswith("back")
            colours[part + 1] = [round(255 * channel) for channel in colorsys.hsv_to_rgb(region / len(FRONT_BACK), 0.75, value)]
    return colours


PART_COLOURS = _part_colours()
