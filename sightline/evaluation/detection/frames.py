"""Frames with the boxes of the people in them: what every reader of a detection set gives.

Legend: B people of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """One frame.

    Attributes:
        path: its file.
        boxes: float32 (B, 4): the people, xyxy as parts of the frame's width and height; (0, 4) where there is nobody.

    Raises:
        ValueError: another shape or dtype.
    """

    path: Path
    boxes: Float32Array

    def __post_init__(self) -> None:
        if self.boxes.ndim != 2 or self.boxes.shape[1] != 4 or self.boxes.dtype != np.float32:
            raise ValueError(f"boxes: expected float32 (B, 4), got {self.boxes.dtype} {self.boxes.shape}")

    def boxes_of(self, size_hw: tuple[int, int]) -> Float32Array:
        """The boxes in pixels of the frame, whose size this is. (B, 4)."""
        height, width = size_hw
        return self.boxes * np.array([width, height, width, height], np.float32)


@dataclass(frozen=True, slots=True)
class DetectionSet:
    """A data set, split.

    Attributes:
        name: for reports.
        train: frames to learn from.
        val: frames to be judged by.
    """

    name: str
    train: tuple[LabelledFrame, ...]
    val: tuple[LabelledFrame, ...]
