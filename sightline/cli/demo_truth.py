"""The truth of the demo's synthetic cameras, kept for as long as it is asked about."""

from __future__ import annotations

import threading
from collections import deque

from sightline.cameras.synthetic.ground_truth import FrameTruth
from sightline.evaluation.frame_truth import TrueFrame
from sightline.evaluation.stream_sightings import FrameKey
from sightline.geometry import xywh_to_xyxy


class TruthStore:
    """Frames of the last ``keep_s`` seconds. Cameras' threads add while others read."""

    def __init__(self, *, keep_s: float) -> None:
        self.keep_s = keep_s
        self._lock = threading.Lock()
        self._frames: deque[TrueFrame] = deque()

    def append(self, truth: FrameTruth, frame_id: str) -> None:
        """Keep one frame's people, without the maps of its pixels; a :data:`~sightline.cameras.synthetic.source.TruthSink`."""
        boxes = xywh_to_xyxy(truth.boxes_xywh)
        frame = TrueFrame(truth.camera, frame_id, truth.captured_at_us, truth.pids, boxes, truth.visible_fraction)
        oldest_us = truth.captured_at_us - int(self.keep_s * 1e6)
        with self._lock:
            self._frames.append(frame)
            while self._frames[0].captured_at_us < oldest_us:
                self._frames.popleft()

    def frames(self) -> dict[FrameKey, TrueFrame]:
        """By camera and frame id."""
        with self._lock:
            return {(frame.camera, frame.frame_id): frame for frame in self._frames}
