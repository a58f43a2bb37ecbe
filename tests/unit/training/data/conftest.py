"""Tiny made-up data sets in the layouts of the real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.types import UInt8Array

Draw = Callable[..., Path]


def picture_of(colour: int, size_wh: tuple[int, int]) -> UInt8Array:
    """A slope from left to right over a colour, so that pictures differ and a mirror image shows."""
    image = np.full((size_wh[1], size_wh[0], 3), colour % 200, np.uint8)
    image[..., 0] += np.linspace(0, 50, size_wh[0]).astype(np.uint8)
    return image


@pytest.fixture
def draw() -> Draw:
    """``draw(path, colour=7, size_wh=(64, 128))``: write a picture there, folders and all."""

    def drawn(path: Path, colour: int = 7, size_wh: tuple[int, int] = (64, 128)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture_of(colour, size_wh)).save(path, quality=95)
        return path

    return drawn


@pytest.fixture
def market(tmp_path: Path, draw: Draw) -> Path:
    """Market-1501's layout: people 2 and 7 to learn from, 3 to look for, junk and a distractor."""
    folder = tmp_path / "Tiny-1501"
    names = {
        "bounding_box_train": ["0002_c1s1_000451_03.jpg", "0002_c2s1_000776_01.jpg", "0007_c3s3_077419_03.jpg"],
        "query": ["0003_c1s6_015971_00.jpg"],
        "bounding_box_test": [
            "0003_c2s1_000001_01.jpg", "0003_c1s6_015996_02.jpg", "0000_c3s1_000001_01.jpg", "-1_c1s1_000401_03.jpg"
        ],
    }  # fmt: skip
    for part, files in names.items():
        for index, name in enumerate(files):
            draw(folder / part / name, colour=len(part) * 10 + index * 30)
    (folder / "bounding_box_test" / "Thumbs.db").write_bytes(b"not a picture")
    return folder
