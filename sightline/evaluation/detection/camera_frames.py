"""``frames/`` and ``ground_truth.csv``: the frames of one camera in the order of time, with the people in each.

The table's columns are frame, x, y, w, h (pixels) and pid; a person whose identity is not known (pid -1) is a person all the
same. Frames that the table does not name show nobody. The first half in time is for training, the second for the test: people
walk through many frames, and a split at random would test on those that were learnt.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError, RejectedFrame
from sightline.evaluation.detection.frames import DetectionSet, LabelledFrame
from sightline.image_header import read_header
from sightline.picture_names import SUFFIXES

FRAMES, TABLE = "frames", "ground_truth.csv"
_NUMBERS = ("x", "y", "w", "h")


def is_camera_frames(folder: Path) -> bool:
    """Whether a folder is laid out so."""
    return (folder / TABLE).is_file() and (folder / FRAMES).is_dir()


def read_camera_frames(folder: Path) -> DetectionSet:
    """The set in a folder; of each frame only the size is read.

    Raises:
        ConfigurationError: the table lacks a column, a number is none, or a frame is not there or no picture.
    """
    boxes = _boxes(folder / TABLE)
    paths = sorted(path for path in (folder / FRAMES).iterdir() if path.suffix.lower() in SUFFIXES)
    absent = boxes.keys() - {path.name for path in paths}
    if absent:
        raise ConfigurationError(f"{folder / FRAMES / min(absent)} is named by {TABLE} and is not there")
    frames = tuple(_frame(path, boxes.get(path.name, [])) for path in paths)
    middle = len(frames) // 2
    return DetectionSet(folder.resolve().name, frames[:middle], frames[middle:])


def _boxes(table: Path) -> dict[str, list[tuple[float, ...]]]:
    """Frame -> boxes xyxy in its pixels."""
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    with table.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = [name for name in ("frame", *_NUMBERS) if name not in (rows.fieldnames or ())]
        if missing:
            raise ConfigurationError(f"{table} has no column {missing[0]!r}: expected frame, {', '.join(_NUMBERS)}")
        for row in rows:
            try:
                x, y, width, height = (float(row[name]) for name in _NUMBERS)
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"{table}, line {rows.line_num}: expected four numbers") from error
            found[row["frame"]].append((x, y, x + width, y + height))
    return dict(found)


def _frame(path: Path, boxes: list[tuple[float, ...]]) -> LabelledFrame:
    try:
        header = read_header(path.read_bytes())
    except RejectedFrame as error:
        raise ConfigurationError(f"{path} is no picture: {error}") from error
    sides = np.array([header.width, header.height] * 2, np.float32)
    return LabelledFrame(path, np.clip(np.array(boxes, np.float32).reshape(-1, 4) / sides, 0, 1))
