"""A camera of the synthetic world as a frame source, beside video files and real cameras."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import simplejpeg

from sightline.cameras.options import SourceOptions
from sightline.cameras.pacing import Pacer
from sightline.cameras.synthetic.ground_truth import FrameTruth
from sightline.cameras.synthetic.world import WorldCamera
from sightline.ports import Clock
from sightline.types import EncodedFrame, UInt8Array

DEFAULT_FPS = 5.0

TruthSink = Callable[[FrameTruth, str], None]
"""Is told each frame's truth and id, before the frame is handed over."""


class SyntheticSource:
    """Pictures of one camera, without end, evenly spaced in time from the start time on.

    What is seen is where people are at the capture time: seed and time say it all, so truth can be computed anew by whoever
    knows them. Where rendering takes longer than the distance of two frames and the source is paced, frames are left out, as a
    busy camera does, and counted as lost. Frame ids are ``<seed>-<capture time>``, the same each time.

    Args:
        view: the camera.
        seed: of its world, for the frames' ids.
        options: ``loop`` means nothing here.
        on_truth: see :data:`TruthSink`; None = nobody asks.
        frames: how many to make; None = without end.
    """

    def __init__(
        self,
        view: WorldCamera,
        *,
        seed: int,
        options: SourceOptions,
        on_truth: TruthSink | None = None,
        frames: int | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._view = view
        self._seed = seed
        self._options = options
        self._on_truth = on_truth
        self._frames = frames
        self._clock = clock
        self._stopped = threading.Event()
        self._pacer = Pacer(paced=options.paced, clock=clock, stopped=self._stopped)
        self._lost = 0

    def frames(self) -> Iterator[EncodedFrame]:
        """Blocks until each picture is due."""
        period_us = 1e6 / (self._options.fps or DEFAULT_FPS)
        self._view.prepare()
        began_s, late_from = self._clock(), 0
        for index in itertools.count() if self._frames is None else range(self._frames):
            if index < late_from:
                self._lost += 1
                continue
            captured_at_us = self._options.start_us + round(index * period_us)
            if not self._pacer.wait_until(captured_at_us):
                return
            yield self._frame(captured_at_us)
            if self._options.paced:
                late_from = int((self._clock() - began_s) * 1e6 / period_us)

    def lost(self) -> int:
        """Frames that were left out because rendering was late."""
        return self._lost

    def close(self) -> None:
        """Let ``frames`` end at the next picture, from any thread."""
        self._stopped.set()

    def _frame(self, captured_at_us: int) -> EncodedFrame:
        frame = self._view.frame(captured_at_us)
        frame_id = f"{self._seed}-{captured_at_us}"
        if self._on_truth is not None:
            self._on_truth(frame.truth, frame_id)
        data = _to_jpeg(frame.image, self._options.jpeg_quality)
        return EncodedFrame(self._options.camera, frame_id, captured_at_us, "image/jpeg", data)


def _to_jpeg(image: UInt8Array, quality: int) -> bytes:
    return bytes(simplejpeg.encode_jpeg(image, quality=quality, colorspace="RGB", colorsubsampling="420"))
