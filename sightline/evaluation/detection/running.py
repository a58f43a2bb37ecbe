"""A whole evaluation of a detector: read frames, detect, score."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import ConfigurationError, RejectedFrame
from sightline.evaluation.detection.average_precision import DetectionFigures, average_precision
from sightline.evaluation.detection.detector_file import LoadedDetector
from sightline.evaluation.detection.frames import LabelledFrame
from sightline.evaluation.running import Progress
from sightline.geometry import letterbox
from sightline.types import Detections, Float32Array, UInt8Array


@dataclass(frozen=True, slots=True)
class DetectionReport:
    """What an evaluation found.

    Attributes:
        model: its name.
        data: the set's name.
        figures: how well people are found.
        ms_per_frame: of the net alone, one frame at a time; the median.
    """

    model: str
    data: str
    figures: DetectionFigures
    ms_per_frame: float

    def to_json(self) -> str:
        """One document, and a line's end."""
        document = {"model": self.model, "data": self.data, **asdict(self.figures), "ms_per_frame": self.ms_per_frame}
        return json.dumps(document) + "\n"


def evaluate_detector(
    detector: LoadedDetector,
    data: str,
    frames: Sequence[LabelledFrame],
    *,
    limits: ImageLimits,
    progress: Progress = lambda _doing, _done, _total: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> DetectionReport:
    """Evaluate a detector on labelled frames, letterboxed as the stream does. Blocking; needs no server.

    Args:
        detector: loaded.
        data: what the frames are called.
        frames: with the people in them.
        limits: of a picture.
        progress: hears how far it is.
        monotonic: the clock, seconds.

    Raises:
        ConfigurationError: a frame cannot be read, or nobody is in any of them.
        ModelError: the model breaks its contract.
    """
    if not any(len(frame.boxes) for frame in frames):
        raise ConfigurationError(f"{data} has no frame with people to be judged by")
    found: list[Detections] = []
    people: list[Float32Array] = []
    seconds = []
    progress("detecting", 0, len(frames))
    for frame in frames:
        image = _read(frame, limits)
        canvas, placed = letterbox(image, detector.spec.canvas_hw)
        began = monotonic()
        outputs = detector.session.run({"image": canvas[None]})
        seconds.append(monotonic() - began)
        real = outputs["scores"][0] > 0
        found.append(Detections(placed.undo(outputs["boxes"][0][real]), outputs["scores"][0][real]))
        people.append(frame.boxes_of((image.shape[0], image.shape[1])))
        progress("detecting", 1, len(frames))
    figures = average_precision(found, people)
    return DetectionReport(detector.spec.name, data, figures, 1e3 * float(np.median(seconds)))


def _read(frame: LabelledFrame, limits: ImageLimits) -> UInt8Array:
    try:
        return decode_image(frame.path.read_bytes(), limits=limits)
    except (OSError, RejectedFrame) as error:
        raise ConfigurationError(f"{frame.path} cannot be read: {error}") from error
