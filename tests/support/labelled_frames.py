"""A tiny detection set: red people before grey walls, easy enough to be learnt in seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

SIZE_WH = (96, 64)


def write_detection_set(folder: Path, *, train: int = 8, val: int = 4, seed: int = 0) -> Path:
    """The layout of ``sightline synthesize``: up to two people a frame; the first frame of each part shows nobody."""
    random = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for split, count in (("train", train), ("val", val)):
        (folder / split).mkdir(parents=True)
        for number in range(count):
            name = f"{split}_{number}.png"
            boxes = [] if number == 0 else [_box(random, side) for side in range(1 + number % 2)]
            Image.fromarray(_picture(random, boxes)).save(folder / split / name)
            rows += [(split, name, *_parts(box)) for box in boxes] or [(split, name, "", "", "", "")]
    with (folder / "boxes.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("split", "frame", "cx", "cy", "w", "h"), *rows])
    return folder


def _box(random: np.random.Generator, side: int) -> tuple[int, int, int, int]:
    """In the left half, or in the right one."""
    left, top = 48 * side + int(random.integers(2, 20)), int(random.integers(2, 12))
    return left, top, left + 20, top + 44


def _picture(random: np.random.Generator, boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    image = random.integers(90, 110, (SIZE_WH[1], SIZE_WH[0], 3), np.uint8)
    for left, top, right, bottom in boxes:
        image[top:bottom, left:right] = (220, 30, 30)
    return image


def _parts(box: tuple[int, int, int, int]) -> tuple[float, ...]:
    left, top, right, bottom = box
    width, height = SIZE_WH
    return (left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height
