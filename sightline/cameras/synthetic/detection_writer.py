"""Whole frames with the boxes of the people in them: ``train/``, ``val/`` and ``boxes.csv``."""

from __future__ import annotations

import csv
from pathlib import Path

import simplejpeg

from sightline.cameras.synthetic.ground_truth import SyntheticFrame

COLUMNS = ("split", "frame", "cx", "cy", "w", "h")
_JPEG_QUALITY = 90
_LOWEST_PX, _LEAST_VISIBLE = 20, 0.2
"""People of whom less is to be seen have no box."""


class DetectionWriter:
    """Writes one set.

    Args:
        folder: of the set; made if it is not there.
        val_every: every so many frames, one is for validation.
    """

    def __init__(self, folder: Path, *, val_every: int = 6) -> None:
        self._folder = folder
        self._val_every = val_every
        self._rows: list[tuple[str | float, ...]] = []
        self._count = 0
        for split in ("train", "val"):
            (folder / split).mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        return self._count

    def add(self, frame: SyntheticFrame) -> None:
        """Write one frame; boxes are parts of its width and height. A frame without people has a row without a box."""
        split, name = "val" if self._count % self._val_every == 0 else "train", f"{self._count:05d}.jpg"
        data = simplejpeg.encode_jpeg(frame.image, quality=_JPEG_QUALITY, colorspace="RGB", colorsubsampling="420")
        (self._folder / split / name).write_bytes(data)
        self._count += 1
        truth = frame.truth
        seen = (truth.boxes_xywh[:, 3] >= _LOWEST_PX) & (truth.visible_fraction >= _LEAST_VISIBLE)
        wide, high = truth.size_wh
        for x, y, width, height in truth.boxes_xywh[seen].tolist():
            middle = (x + width / 2) / wide, (y + height / 2) / high
            self._rows.append((split, name, *(round(value, 5) for value in (*middle, width / wide, height / high))))
        if not seen.any():
            self._rows.append((split, name, "", "", "", ""))

    def finish(self) -> None:
        """Write the table, when all frames are there."""
        with (self._folder / "boxes.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(COLUMNS)
            table.writerows(self._rows)
