"""What a live run saw, beside the truth: which person each sighting is of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from sightline.evaluation.frame_truth import TrueFrame, whose
from sightline.geometry import xywh_to_xyxy

FrameKey = tuple[str, str]
"""Camera and frame id."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting as far as scoring needs it: ``box_xywh`` in pixels of the published picture, ``quality`` of its crop."""

    sighting_id: str
    camera: str
    frame_id: str
    captured_at_us: int
    track: str
    box_xywh: tuple[float, float, float, float]
    quality: float = 1.0

    @property
    def frame(self) -> FrameKey:
        return self.camera, self.frame_id


def by_frame(sightings: Iterable[Seen]) -> Mapping[FrameKey, list[Seen]]:
    """The sightings of each frame."""
    frames: dict[FrameKey, list[Seen]] = defaultdict(list)
    for one in sightings:
        frames[one.frame].append(one)
    return frames


def named(sightings: Iterable[Seen], truth: Mapping[FrameKey, TrueFrame]) -> dict[str, int]:
    """Sighting id -> pid, for those that lie on somebody; those of frames whose truth is not known are left out too."""
    pids: dict[str, int] = {}
    for key, seen in by_frame(sightings).items():
        frame = truth.get(key)
        if frame is not None:
            boxes = xywh_to_xyxy(np.array([one.box_xywh for one in seen], np.float32))
            people = whose(boxes, frame)
            pids |= {one.sighting_id: int(frame.pids[row]) for one, row in zip(seen, people, strict=True) if row >= 0}
    return pids
