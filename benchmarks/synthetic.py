"""Milliseconds a frame of the synthetic world, on one core.

python -m benchmarks.synthetic            the full run, half a minute
python -m benchmarks.synthetic --quick    a smoke run
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import cv2

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from sightline.cameras.options import SourceOptions
from sightline.cameras.synthetic.source import SyntheticSource
from sightline.cameras.synthetic.world import World, WorldCamera

METHOD = """\
Frames of 720x576 with all of their truth (boxes, joints, part, u and v of each pixel) and the camera's effects, one after the
other in one thread; moments are a second apart. The processor's time of the process is given, as what else the machine does
changes it less than the clock's. Rows are by how many people can be seen; to JPEG is with encoding, over all frames."""

STEP_US = 1_000_000


def timed(views: Sequence[WorldCamera], moments: int) -> dict[int, list[float]]:
    """People in the frame -> the processor's milliseconds of each such frame."""
    found: dict[int, list[float]] = {}
    for moment in range(moments):
        for view in views:
            began = time.process_time()
            frame = view.frame(moment * STEP_US)
            found.setdefault(len(frame.truth), []).append((time.process_time() - began) * 1e3)
    return found


def encoded(view: WorldCamera, moments: int) -> float:
    """The processor's milliseconds a frame of the source, as it is published."""
    options = SourceOptions(view.name, fps=1.0, paced=False)
    source = SyntheticSource(view, seed=0, options=options, frames=moments)
    began = time.process_time()
    frames = list(source.frames())
    return (time.process_time() - began) * 1e3 / len(frames)


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__).parse_args()
    cv2.setNumThreads(1)
    moments = 5 if arguments.quick else 100
    say("building the world")
    views = World(1, cameras=2).views
    began = time.process_time()
    for view in views:
        view.prepare()
    scenery_s = (time.process_time() - began) / len(views)
    say(f"{moments} frames of {len(views)} cameras")
    timed(views, 2)  # the first calls load what they need
    by_people = timed(views, moments)
    rows: list[tuple[Cell, ...]] = [
        (people, len(times), statistics.median(times), max(times)) for people, times in sorted(by_people.items())
    ]
    six = by_people.get(6) or [time_ms for times in by_people.values() for time_ms in times]
    whole = encoded(views[0], moments)
    Report(
        name="synthetic",
        title="The synthetic world",
        method=METHOD,
        tables=[
            Table("Processor, milliseconds a frame", ("people", "frames", "median ms", "slowest ms"), rows),
            Table("Else", ("what", "value"), [("to JPEG, ms a frame", whole), ("scenery, s a camera, once", scenery_s)]),
        ],
        machine=machine_facts(),
        figures={"six_people_ms": statistics.median(six), "encoded_ms": whole},
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
