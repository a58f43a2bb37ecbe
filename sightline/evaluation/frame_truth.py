"""Who is where in a frame, to score what the stream made of it. Legend: N people, M boxes that were found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from sightline.errors import InputError
from sightline.geometry import pairwise_iou, xywh_to_xyxy
from sightline.types import Float32Array, Int64Array

LEAST_IOU = 0.5
"""A box is a person's from this overlap on, as in the usual measures of detection and tracking."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueFrame:
    """The truth of one frame.

    Attributes:
        camera, frame_id, captured_at_us: as published.
        pids: int64 (N,).
        boxes_xyxy: float32 (N, 4), pixels.
        visible: float32 (N,): how much of each nothing stands before, 0 to 1.
    """

    camera: str
    frame_id: str
    captured_at_us: int
    pids: Int64Array
    boxes_xyxy: Float32Array
    visible: Float32Array

    def __len__(self) -> int:
        return len(self.pids)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> TrueFrame:
        """Of a line that ``sightline publish --ground-truth`` writes.

        Raises:
            KeyError, TypeError, ValueError: it is no such line.
        """
        people = record["people"]
        return cls(
            camera=str(record["camera"]),
            frame_id=str(record["frame_id"]),
            captured_at_us=int(record["captured_at_us"]),
            pids=np.array([person["pid"] for person in people], np.int64),
            boxes_xyxy=xywh_to_xyxy(np.array([person["box"] for person in people], np.float32).reshape(-1, 4)),
            visible=np.array([person["visible"] for person in people], np.float32),
        )


def read_truth(path: Path) -> Iterator[TrueFrame]:
    """The frames of a ground-truth file, in its order.

    Raises:
        InputError: it cannot be read, or a line is no frame's truth.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield TrueFrame.from_record(json.loads(line))
                except (KeyError, TypeError, ValueError) as error:
                    raise InputError(f"{path}, line {number}: expected the truth of a frame, got {line[:80]!r}") from error
    except OSError as error:
        raise InputError(f"the ground truth {path} cannot be read: {error.strerror}") from error


def whose(boxes_xyxy: Float32Array, frame: TrueFrame, *, least_iou: float = LEAST_IOU) -> Int64Array:
    """Whose box each is: int64 (M,), the row of the frame's people, -1 = nobody's.

    One to one, so that the overlaps together are largest; pairs that overlap less than ``least_iou`` do not count.
    """
    rows = np.full(len(boxes_xyxy), -1, np.int64)
    overlap = pairwise_iou(boxes_xyxy, frame.boxes_xyxy)
    overlap = np.where(overlap >= least_iou, overlap, 0)
    for found, person in zip(*linear_sum_assignment(overlap, maximize=True), strict=True):
        if overlap[found, person] > 0:
            rows[found] = person
    return rows
