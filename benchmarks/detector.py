"""How well our person detector finds people, beside YOLOX-nano on the same frames.

``python -m benchmarks.detector [--quick]``. The frames of person_detection's validation part, and the second half in time of
camera 6, whose first half the detector learnt from; both models in the model contract, run by ONNX Runtime on one core.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.arguments import output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.reporting import Report, Table, say
from sightline.decoding import ImageLimits
from sightline.evaluation.detection.detector_file import load_detector
from sightline.evaluation.detection.frames import LabelledFrame
from sightline.evaluation.detection.running import DetectionReport, evaluate_detector
from sightline.settings import Settings, StreamSettings
from training.data.frames.opening import open_detection_set

SETS = (("person_detection", "frames.tar"), ("street_camera", "camera6.tar"))
OURS, YARDSTICK = "person_detector", "yolox_nano_416.onnx"
QUICK_FRAMES = 8


def main() -> None:
    """Run it and write the table."""
    arguments = parser(__doc__).parse_args()
    facts = machine_facts()
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as cache:
        sets = [open_detection_set(shared("data", *parts), cache=Path(cache)) for parts in SETS]
        models = (OURS, str(shared("weights", YARDSTICK)))
        most = QUICK_FRAMES if arguments.quick else None
        reports = [_evaluated(model, each.name, each.val[:most]) for each in sets for model in models]
    columns = ("frames", "model", "people", "AP50 %", "AP %", "ms a frame")
    rows = tuple(
        (each.data, each.model, each.figures.people, 100 * each.figures.ap50, 100 * each.figures.ap, each.ms_per_frame)
        for each in reports
    )
    Report(
        name="detector",
        title="Finding people in whole frames",
        method=(
            "AP as COCO defines it (101 recalls; AP50 at an IoU of 0.50, AP the mean from 0.50 to 0.95), of one class, at "
            "most 100 detections a frame. Frames are letterboxed onto the model's canvas as the stream does. "
            "`person_detection` is its validation part; `camera6` is the second half in time of the street camera, and "
            "people whose identity is not known are people too. Ours learnt the other parts of both; the yardstick, YOLOX- "
            "nano on COCO, neither. Milliseconds are of the net alone on one core, one frame at a time, the median."
        ),
        tables=(Table("Average precision", columns, rows),),
        machine=facts,
        figures={f"{each.data}/{each.model}/ap50": each.figures.ap50 for each in reports},
    ).publish(output_folder(arguments))


def _evaluated(model: str, data: str, frames: Sequence[LabelledFrame]) -> DetectionReport:
    say(f"{Path(model).stem} on {data}: {len(frames)} frames")
    detector = load_detector(model, Settings(), threads=1)
    return evaluate_detector(detector, data, frames, limits=ImageLimits.from_settings(StreamSettings()))


if __name__ == "__main__":
    main()
