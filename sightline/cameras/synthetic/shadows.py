"""Soft shadows where people touch the floor."""

from __future__ import annotations

import math

import cv2
import numpy as np

from sightline.cameras.synthetic.arrays import BoolArray, Float64Array
from sightline.cameras.synthetic.camera import Camera
from sightline.cameras.synthetic.crowd import Standing
from sightline.types import Float32Array, UInt8Array

_REACH = 0.80
"""Metres from the body's axis beyond which there is none."""
_COARSER = 3
_FEET, _BODY = (0.42, 0.11), (0.34, 0.26)
"""How dark, and how wide in metres."""


def cast_shadow(person: Standing, lamp: Float64Array, camera: Camera, floor: BoolArray, onto: UInt8Array) -> None:
    """Darken the floor round a person's feet, and on the side away from the lamp; ``onto`` (H, W, 3) is changed in place."""
    x, y = person.position
    corners = np.array([(x + a * _REACH, y + b * _REACH, 0.0) for a in (-1, 1) for b in (-1, 1)], np.float64)
    pixels, depth = camera.project(corners)
    if (depth < 0.3).any():
        return
    low, high = pixels.min(0), pixels.max(0)
    first_x, first_y = (max(0, math.floor(value)) for value in low)
    last_x, last_y = (min(size, math.ceil(value)) for value, size in zip(high, camera.size_wh, strict=True))
    if first_x >= last_x or first_y >= last_y:
        return
    window = slice(first_y, last_y), slice(first_x, last_x)
    on_floor = floor[window]
    place = _floor_places(camera, (first_x, first_y, last_x, last_y))  # soft: every third pixel tells enough
    away = -lamp[:2] / max(float(lamp[2]), 0.3) * 0.35
    dark = _spot(place, (x + away[0], y + away[1]), *_BODY)
    for foot in person.points(("left_ankle", "right_ankle")):
        lifted = max(0.0, 1 - max(0.0, float(foot[2]) - 0.08) / 0.25)
        dark = np.maximum(dark, _spot(place, (foot[0], foot[1]), _FEET[0] * lifted, _FEET[1]))
    whole = cv2.resize(np.rint(255 * (1 - dark)).astype(np.uint8), (last_x - first_x, last_y - first_y))
    light = cv2.merge([np.where(on_floor, whole, np.uint8(255))] * 3)
    onto[window] = cv2.multiply(onto[window], light, scale=1 / 255)


def _floor_places(camera: Camera, window: tuple[int, int, int, int]) -> tuple[Float32Array, Float32Array]:
    """x and y, metres, of the floor below every third pixel of the window (its first column and row, its last)."""
    to_world = camera.rotation.T @ np.linalg.inv(camera.intrinsics)
    x = (np.arange(window[0], window[2], _COARSER) + _COARSER / 2)[None]
    y = (np.arange(window[1], window[3], _COARSER) + _COARSER / 2)[:, None]
    ahead, aside, up = (x * row[0] + y * row[1] + row[2] for row in to_world)
    distance = -camera.position[2] / np.minimum(up, -1e-6)
    return (camera.position[0] + distance * ahead).astype(np.float32), (camera.position[1] + distance * aside).astype(
        np.float32
    )


def _spot(place: tuple[Float32Array, Float32Array], middle: tuple[float, float], strength: float, width: float) -> Float32Array:
    squared = (place[0] - np.float32(middle[0])) ** 2 + (place[1] - np.float32(middle[1])) ** 2
    spot: Float32Array = np.float32(strength) * np.exp(squared * np.float32(-0.5 / width**2))
    return spot
