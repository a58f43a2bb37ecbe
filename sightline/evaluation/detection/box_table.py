"""``train/``, ``val/`` and ``boxes.csv``: frames with boxes as parts of their sides. ``sightline synthesize`` writes it too.

The table's columns are split, frame, cx, cy, w, h: a row for each person; a row without numbers is a frame without people.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError
from sightline.evaluation.detection.frames import DetectionSet, LabelledFrame

TABLE = "boxes.csv"
SPLITS = ("train", "val")
_NUMBERS = ("cx", "cy", "w", "h")
_COLUMNS = ("split", "frame", *_NUMBERS)
_Boxes = dict[str, dict[str, list[tuple[float, ...]]]]


def is_box_table(folder: Path) -> bool:
    """Whether a folder is laid out so."""
    return (folder / TABLE).is_file() and all((folder / split).is_dir() for split in SPLITS)


def read_box_table(folder: Path) -> DetectionSet:
    """The set in a folder; no frame is opened.

    Raises:
        ConfigurationError: the table lacks a column, a number is none or out of the frame, or a frame is not there.
    """
    table = folder / TABLE
    by_split: _Boxes = {split: defaultdict(list) for split in SPLITS}
    with table.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise ConfigurationError(f"{table} has no column {missing[0]!r}: expected {', '.join(_COLUMNS)}")
        for row in rows:
            _add(row, by_split, where=f"{table}, line {rows.line_num}")
    train, val = (tuple(_frame(folder / split / name, boxes) for name, boxes in by_split[split].items()) for split in SPLITS)
    return DetectionSet(folder.resolve().name, train, val)


def _add(row: Mapping[str, str], by_split: _Boxes, *, where: str) -> None:
    if row["split"] not in by_split:
        raise ConfigurationError(f"{where}: expected the split {' or '.join(SPLITS)}, got {row['split']!r}")
    boxes = by_split[row["split"]][row["frame"]]
    texts = [row[name] or "" for name in _NUMBERS]
    if not any(texts):
        return
    try:
        cx, cy, width, height = map(float, texts)
    except ValueError as error:
        raise ConfigurationError(f"{where}: expected four numbers or none, got {', '.join(texts)}") from error
    if not (0 < width <= 1 and 0 < height <= 1 and 0 <= cx <= 1 and 0 <= cy <= 1):
        raise ConfigurationError(f"{where}: expected a box in parts of the frame's sides, got {', '.join(texts)}")
    boxes.append((cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2))


def _frame(path: Path, boxes: list[tuple[float, ...]]) -> LabelledFrame:
    if not path.is_file():
        raise ConfigurationError(f"{path} is named by {TABLE} and is not there")
    return LabelledFrame(path, np.clip(np.array(boxes, np.float32).reshape(-1, 4), 0, 1))
