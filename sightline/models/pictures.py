"""Pictures to try a model on: the user's own, or drawn ones where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from sightline.errors import ConfigurationError
from sightline.geometry import crop, letterbox
from sightline.picture_names import SUFFIXES
from sightline.spec import ModelSpec
from sightline.types import UInt8Array

DRAWN = 6


def read_pictures(folder: Path, *, limit: int = 16) -> list[UInt8Array]:
    """The first ``limit`` pictures of a folder and those below it, in order of name, as uint8 RGB (H, W, 3).

    Raises:
        ConfigurationError: the folder does not exist, holds no picture, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)[:limit]
    if not paths:
        raise ConfigurationError(f"{folder} holds no pictures: expected files ending in {', '.join(sorted(SUFFIXES))}")
    return [_read(path) for path in paths]


def _read(path: Path) -> UInt8Array:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ConfigurationError(f"{path} cannot be read as a picture: remove it from the folder or repair it")
    return np.ascontiguousarray(image[:, :, ::-1], np.uint8)


def draw_pictures(count: int = DRAWN, *, seed: int = 7) -> list[UInt8Array]:
    """Drawn street scenes with figures in them, the same each time: enough to see whether two nets agree."""
    random = np.random.default_rng(seed)
    return [_scene(random) for _ in range(count)]


def _scene(random: np.random.Generator) -> UInt8Array:
    ramp = np.linspace(random.uniform(90, 200), random.uniform(60, 160), 480)[:, None, None]
    image = np.clip(ramp + random.normal(0, 6, (480, 640, 3)), 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(2, 5))):
        _figure(image, random)
    return np.asarray(cv2.GaussianBlur(image, (3, 3), 0), np.uint8)


def _figure(image: UInt8Array, random: np.random.Generator) -> None:
    """A person, roughly: head, trunk, arms and legs in random clothes."""
    height = int(random.integers(140, 360))
    x, y = int(random.integers(60, 580)), int(random.integers(10, 470 - height))
    unit = height // 8
    shirt, trousers, skin = (tuple(int(v) for v in random.integers(20, 235, 3)) for _ in range(3))
    for side in (-1, 1):
        hip, foot = (x + side * unit // 2, y + 4 * unit), (x + side * unit, y + 8 * unit)
        cv2.line(image, hip, foot, trousers, max(3, unit))
        cv2.line(image, (x + side * unit, y + 2 * unit), (x + side * unit * 3 // 2, y + 4 * unit), shirt, max(2, unit // 2))
    cv2.ellipse(image, (x, y + 3 * unit), (unit, 2 * unit), 0, 0, 360, shirt, -1)
    cv2.circle(image, (x, y + unit // 2), max(3, unit * 2 // 3), skin, -1)


def fit_pictures(pictures: Sequence[UInt8Array], spec: ModelSpec) -> UInt8Array:
    """The pictures as the model's input, by its own rule: uint8 (N, H, W, 3). People fill the whole of a picture."""
    rule = spec.crop
    if rule is None:
        return np.stack([letterbox(picture, spec.canvas_hw)[0] for picture in pictures])
    boxes = [np.array([0, 0, picture.shape[1], picture.shape[0]], np.float32) for picture in pictures]
    return np.stack([crop(picture, box, rule) for picture, box in zip(pictures, boxes, strict=True)])
