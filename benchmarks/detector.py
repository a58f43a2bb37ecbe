"""How well our person detector finds people, beside YOLOX-nano on the same frames.

``python -m benchmarks.detector [--quick]``. The frames of person_detection's validation part, and the second half in time of
camera 6, whose first half the detector learnt from; both models in the model contract, run by ONNX Runtime on one core.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import serving
from benchmarks.arguments import output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from sightline.decoding import ImageLimits
from sightline.evaluation.detection.detector_file import load_detector
from sightline.evaluation.detection.frames import LabelledFrame
from sightline.evaluation.detection.running import DetectionReport, evaluate_detector
from sightline.settings import Settings, StreamSettings
from training.data.frames.opening import open_detection_set

SETS = (("person_detection", "frames.tar"), ("street_camera", "camera6.tar"))
OURS = Path(serving.__file__).parent / "model_repository" / "person_detector" / "1" / "model.onnx"
YARDSTICK = "yolox_nano_416.onnx"
QUICK_FRAMES = 8


def main() -> None:
    """Run it and write the table."""
    arguments = parser(__doc__).parse_args()
    facts = machine_facts()
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as cache:
        sets = [open_detection_set(shared("data", *parts), cache=Path(cache)) for parts in SETS]
        models = {"person_detector": OURS, "YOLOX-nano": shared("weights", YARDSTICK)}
        most = QUICK_FRAMES if arguments.quick else None
        reports = [_evaluated(model, each.name, each.val[:most]) for each in sets for model in models.items()]
    _report(reports, facts).publish(output_folder(arguments))


def _report(reports: Sequence[DetectionReport], facts: Mapping[str, Cell]) -> Report:
    columns = ("frames", "model", "people", "AP50 %", "AP %", "CPU ms a frame")
    rows = tuple(
        (each.data, each.model, each.figures.people, 100 * each.figures.ap50, 100 * each.figures.ap, each.ms_per_frame)
        for each in reports
    )
    return Report(
        name="detector",
        title="Finding people in whole frames",
        method=(
            "AP as COCO defines it (101 recalls; AP50 at an IoU of 0.50, AP the mean from 0.50 to 0.95), of one class, at "
            "most 100 detections a frame. Frames are letterboxed onto the model's canvas as the stream does. "
            "`person_detection` is its validation part; `camera6` is the second half in time of the street camera, and "
            "people whose identity is not known are people too. Ours learnt the other parts of both; the yardstick, YOLOX-nano "
            "on COCO, neither. Milliseconds of a processor are of the net alone on one core, one frame at a time, the median."
        ),
        tables=(Table("Average precision", columns, rows),),
        machine=facts,
        figures={f"{each.data}/{each.model}/ap50": each.figures.ap50 for each in reports},
    )


def _evaluated(model: tuple[str, Path], data: str, frames: Sequence[LabelledFrame]) -> DetectionReport:
    name, file = model
    say(f"{name} on {data}: {len(frames)} frames")
    detector = load_detector(str(file), Settings(), threads=1)
    limits = ImageLimits.from_settings(StreamSettings())
    return replace(evaluate_detector(detector, data, frames, limits=limits, monotonic=time.process_time), model=name)


if __name__ == "__main__":
    main()
