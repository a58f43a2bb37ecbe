"""What the official ``cuhk-03.mat`` of CUHK03 holds: pictures and the 20 classic splits, in MATLAB's v7.3 format (HDF5).

``detected`` and ``labeled`` are 5x1 cells, one a pair of cameras; each of its cells is a P x 10 cell of pictures, those of an
identity in a row: 1 to 5 of the pair's first view, 6 to 10 of the second, empty where there are fewer. ``testsets`` is a 20x1
cell of 100 x 2 matrices: camera pair and identity within the pair, both from 1. HDF5 stores every matrix transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from sightline.errors import ConfigurationError
from sightline.types import UInt8Array

Boxes = Literal["detected", "labeled"]
BOXES: tuple[Boxes, ...] = ("detected", "labeled")
TESTSETS = "testsets.csv"
PER_VIEW = 5


@dataclass(frozen=True, slots=True)
class MatPicture:
    """A picture of the file: its camera pair, identity within the pair, view and number, all from 1; RGB (H, W, 3)."""

    pair: int
    person: int
    view: int
    number: int
    image: UInt8Array

    @property
    def file_name(self) -> str:
        """As the configuration of the new protocol names it: ``1_001_1_01.png``."""
        return f"{self.pair}_{self.person:03d}_{self.view}_{self.number:02d}.png"


def extract(mat: Path, folder: Path, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Write ``detected/*.png``, ``labeled/*.png`` and ``testsets.csv`` into a folder.

    Args:
        mat: ``cuhk-03.mat``.
        folder: is made.
        on_progress: told identities done and in all.

    Raises:
        ConfigurationError: the file is not that one.
    """
    import h5py  # needed for this file alone

    try:
        with h5py.File(mat, "r") as file:
            _extract_pictures(file, folder, on_progress)
            _extract_testsets(file, folder)
    except (OSError, KeyError, IndexError, ValueError, TypeError) as error:  # what h5py raises at other files' structure
        raise ConfigurationError(
            f"{mat} is not CUHK03's cuhk-03.mat (MATLAB v7.3 with the cells detected, labeled and testsets): {error!r}"
        ) from error


def _extract_pictures(file: Any, folder: Path, on_progress: Callable[[int, int], None]) -> None:
    rows = [(boxes, pair, people) for boxes in BOXES for pair, people in enumerate(_cells(file, file[boxes]), start=1)]
    total, done = sum(people.shape[1] for _, _, people in rows), 0
    for boxes, pair, people in rows:
        (folder / boxes).mkdir(parents=True, exist_ok=True)
        for person in range(people.shape[1]):
            for picture in _pictures(file, people[:, person], pair, person + 1):
                # Level 1: as lossless as any other, and writing them is most of the work.
                Image.fromarray(picture.image).save(folder / boxes / picture.file_name, compress_level=1)
            done += 1
            on_progress(done, total)


def _cells(file: Any, cell: Any) -> list[Any]:
    """What the references of a MATLAB column cell point at, in order."""
    return [file[reference] for reference in np.ravel(cell[()])]


def _pictures(file: Any, references: Any, pair: int, person: int) -> Iterator[MatPicture]:
    for index, reference in enumerate(references):
        stored = file[reference]
        if stored.ndim == 3:  # an empty cell is a vector of two zeros: its size
            image = np.ascontiguousarray(stored[()].T, np.uint8)
            yield MatPicture(pair, person, 1 + index // PER_VIEW, index + 1, image)


def _extract_testsets(file: Any, folder: Path) -> None:
    lines = ["split,pair,person"]
    for split, stored in enumerate(_cells(file, file["testsets"])):
        lines += [f"{split},{int(pair)},{int(person)}" for pair, person in stored[()].T]
    (folder / TESTSETS).write_text("\n".join(lines) + "\n")
