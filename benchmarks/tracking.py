"""IDF1 of the tracker at few frames a second: boxes alone, motion, and motion with colours.

python -m benchmarks.tracking            the full run, some minutes
python -m benchmarks.tracking --quick    a smoke run
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.arguments import SHARED, output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from benchmarks.street_camera import FPS as STREET_FPS
from benchmarks.street_camera import JUNK_PID, read_people, unpack_frames
from sightline.cameras.synthetic.world import World
from sightline.decoding import ImageLimits, decode_image
from sightline.evaluation.detection.detector_file import LoadedDetector, load_detector
from sightline.evaluation.frame_truth import TrueFrame, whose
from sightline.evaluation.stream_sightings import Seen, named
from sightline.evaluation.tracking import identity_score
from sightline.geometry import letterbox, xywh_to_xyxy, xyxy_to_xywh
from sightline.settings import StreamSettings, TrackerSettings, load_settings
from sightline.stages.colours import band_colours
from sightline.stages.tracker import Tracker, Tracks
from sightline.types import Detections, Float32Array, UInt8Array, track_id

METHOD = """\
Detections of the packaged person detector, the same for all rows. Synthetic: four cameras, crowded, with counters and benches
to walk behind. Street: Market-1501's camera 6, one frame a second; people whom the data do not name do not count. *Overlap* is
ByteTrack's own matching of confident boxes, *motion* that by the filter's uncertainty, *motion and colours* what the stream
does. IDF1 gives each person one track in a camera, so whoever comes back costs all of them: *by the truth* is a tracker that
makes no mistake but begins anew after two seconds unseen. Own person: of the boxes on somebody, those on the person whom their
track is mostly of."""

SEED = 11
FORGET_US = TrackerSettings().forget_after_s * 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A frame's truth, what was found in it, and the colours of that (D, COLOURS)."""

    truth: TrueFrame
    detections: Detections
    colours: Float32Array


class OverlapTracker(Tracker):
    """ByteTrack's first round, as the paper has it."""

    def _unlikelihood(
        self, tracks: Tracks, detections: Detections, colours: Float32Array, overlap: Float32Array
    ) -> NDArray[np.float64]:
        return np.where(overlap >= self._settings.match_iou, -overlap, np.inf)


TRACKERS = {
    "overlap": OverlapTracker(TrackerSettings()),
    "motion": Tracker(TrackerSettings(colour_weight=0)),
    "motion and colours": Tracker(TrackerSettings()),
}


class Eye:
    """Finds people in pictures, as the stream does."""

    def __init__(self, detector: LoadedDetector) -> None:
        self._detector = detector
        self.colours_s: list[float] = []

    def look(self, image: UInt8Array, truth: TrueFrame) -> Moment:
        canvas, fit = letterbox(image, self._detector.spec.canvas_hw)
        outputs = self._detector.session.run({"image": canvas[None]})
        real = outputs["scores"][0] >= load_settings().detection.min_score
        boxes = fit.undo(outputs["boxes"][0][real])
        began = time.perf_counter()
        colours = band_colours(image, boxes)
        self.colours_s.append(time.perf_counter() - began)
        return Moment(truth, Detections(boxes, outputs["scores"][0][real]), colours)


def synthetic(eye: Eye, *, fps: float, seconds: float, cameras: int) -> Iterator[Moment]:
    """Every camera's frames, camera by camera."""
    for view in World(SEED, cameras=cameras).views:
        for number in range(round(seconds * fps)):
            frame = view.frame(round(number * 1e6 / fps))
            seen = frame.truth
            boxes = xywh_to_xyxy(seen.boxes_xywh)
            yield eye.look(
                frame.image, TrueFrame(seen.camera, str(number), seen.captured_at_us, seen.pids, boxes, seen.visible_fraction)
            )


def street(eye: Eye, *, most: int) -> Iterator[Moment]:
    """The street camera's frames."""
    archive = shared("data", "street_camera", "camera6.tar")
    people = read_people(archive)
    limits = ImageLimits.from_settings(StreamSettings())
    with tempfile.TemporaryDirectory(prefix="sl-track-") as folder:
        for number, path in enumerate(unpack_frames(archive, Path(folder))[:most]):
            there = people.get(path.name)
            pids = np.zeros(0, np.int64) if there is None else there.pids
            boxes = np.zeros((0, 4), np.float32) if there is None else there.boxes_xyxy
            at_us = round(number * 1e6 / STREET_FPS)
            truth = TrueFrame("street", path.name, at_us, pids, boxes, np.ones(len(pids), np.float32))
            yield eye.look(decode_image(path.read_bytes(), limits=limits), truth)


def followed(tracker: Tracker, moments: Sequence[Moment]) -> list[Seen]:
    """The boxes of one camera that the tracker took."""
    tracks, seen = Tracks.empty(), []
    for moment in moments:
        truth, found = moment.truth, moment.detections
        update = tracker.update(
            tracks, found, moment.colours, camera=truth.camera, frame_id=truth.frame_id, at_us=truth.captured_at_us
        )
        tracks = update.tracks
        seen += _seen(moment, {i: tracks.id_of(truth.camera, int(row)) for i, row in enumerate(update.rows) if row >= 0})
    return seen


def perfectly(moments: Sequence[Moment]) -> list[Seen]:
    """Of one camera: the boxes on people, each one's under one name until unseen for long, and confident boxes on nobody."""
    last_us: dict[int, int] = {}
    names: dict[int, str] = {}
    seen: list[Seen] = []
    for moment in moments:
        truth = moment.truth
        tracks = {}
        for i, row in enumerate(whose(moment.detections.boxes_xyxy, truth).tolist()):
            if row < 0 and moment.detections.scores[i] < TrackerSettings().new_track_score:
                continue
            tracks[i] = track_id(truth.camera, truth.frame_id, i)
            if row >= 0:
                pid = int(truth.pids[row])
                if truth.captured_at_us - last_us.get(pid, -(10**18)) > FORGET_US:
                    names[pid] = tracks[i]
                last_us[pid], tracks[i] = truth.captured_at_us, names[pid]
        seen += _seen(moment, tracks)
    return seen


def _seen(moment: Moment, tracks: dict[int, str]) -> list[Seen]:
    """As sightings, without those of people whom the data do not name."""
    truth = moment.truth
    people = whose(moment.detections.boxes_xyxy, truth)
    boxes = xyxy_to_xywh(moment.detections.boxes_xyxy)
    return [
        Seen(f"{truth.frame_id}/{i}", truth.camera, truth.frame_id, truth.captured_at_us, track, tuple(boxes[i].tolist()))
        for i, track in tracks.items()
        if people[i] < 0 or truth.pids[people[i]] != JUNK_PID
    ]


def _known(truth: TrueFrame) -> TrueFrame:
    rows = truth.pids != JUNK_PID
    return replace(truth, pids=truth.pids[rows], boxes_xyxy=truth.boxes_xyxy[rows], visible=truth.visible[rows])


def rows_of(moments: Sequence[Moment]) -> list[tuple[Cell, ...]]:
    """A row for each tracker: all cameras together."""
    cameras: dict[str, list[Moment]] = defaultdict(list)
    for moment in moments:
        cameras[moment.truth.camera].append(moment)
    ways = {name: [followed(tracker, one) for one in cameras.values()] for name, tracker in TRACKERS.items()}
    ways["by the truth"] = [perfectly(one) for one in cameras.values()]
    return [_row(name, seen, [[_known(m.truth) for m in one] for one in cameras.values()]) for name, seen in ways.items()]


def _row(name: str, seen: Sequence[list[Seen]], truths: Sequence[list[TrueFrame]]) -> tuple[Cell, ...]:
    scores = [identity_score(truth, one) for truth, one in zip(truths, seen, strict=True)]
    idf1 = 2 * sum(s.true_positives for s in scores) / sum(s.found + s.true for s in scores)
    own = whole = 0
    for truth, one in zip(truths, seen, strict=True):
        pids = named(one, {(frame.camera, frame.frame_id): frame for frame in truth})
        by_track: dict[str, Counter[int]] = defaultdict(Counter)
        for sighting in one:
            if sighting.sighting_id in pids:
                by_track[sighting.track][pids[sighting.sighting_id]] += 1
        own += sum(max(people.values()) for people in by_track.values())
        whole += len(pids)
    return (name, 100 * idf1, len({s.track for one in seen for s in one}), 100 * own / whole)


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__).parse_args()
    cv2.setNumThreads(1)
    eye = Eye(load_detector("person_detector", load_settings(), threads=1))
    columns = ("matched by", "IDF1 %", "tracks", "own person %")
    tables, notes = [], []
    for fps, seconds in ((2.0, 8.0),) if arguments.quick else ((1.0, 120.0), (2.0, 60.0), (5.0, 30.0)):
        say(f"synthetic cameras, {fps:g} frames a second")
        moments = list(synthetic(eye, fps=fps, seconds=seconds, cameras=2 if arguments.quick else 4))
        tables.append(Table(f"Synthetic, {fps:g} frames a second, {seconds:g} s", columns, rows_of(moments)))
    if SHARED.is_dir():
        say("street camera")
        tables.append(
            Table("Street camera, 1 frame a second", columns, rows_of(list(street(eye, most=60 if arguments.quick else 700))))
        )
    else:
        notes.append("the street camera's row is missing: the research data are not beside the checkout")
    notes.append(f"colours: {1e3 * float(np.median(eye.colours_s)):.2f} ms a frame")
    Report(
        name="tracking",
        title="Following people at few frames a second",
        method=METHOD,
        tables=tables,
        machine=machine_facts(),
        notes=notes,
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
