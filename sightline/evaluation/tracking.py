"""Detection recall and IDF1 of tracks against the truth. Legend: F frames, T true people, P tracks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from sightline.evaluation.frame_truth import LEAST_IOU, TrueFrame, whose
from sightline.evaluation.stream_sightings import Seen, by_frame
from sightline.geometry import pairwise_iou, xywh_to_xyxy
from sightline.types import Float32Array

MOSTLY_VISIBLE = 0.5
"""Recall counts people of whom at least so much can be seen; nobody is asked to find the others."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole; ``value`` is NaN where there is no whole."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole else float("nan")


@dataclass(frozen=True, slots=True)
class IdentityScore:
    """Of Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking" (2016).

    Attributes:
        true_positives: boxes on the right person, where each person is given one track at most and each track one person, so
            that these are most (IDTP).
        found: boxes of all tracks: IDTP + IDFP.
        true: boxes of all people: IDTP + IDFN.
    """

    true_positives: int
    found: int
    true: int

    @property
    def idf1(self) -> float:
        """2 IDTP / (2 IDTP + IDFP + IDFN), equation 11; NaN where nobody was and nobody was found."""
        return Share(2 * self.true_positives, self.found + self.true).value


def detection_recall(truth: Iterable[TrueFrame], sightings: Iterable[Seen]) -> Share:
    """How many of the mostly visible people of these frames a sighting lies on."""
    seen = by_frame(sightings)
    found = whole = 0
    for frame in truth:
        counts = frame.visible >= MOSTLY_VISIBLE
        rows = whose(_boxes(seen.get((frame.camera, frame.frame_id), [])), frame)
        whole += int(counts.sum())
        found += int(counts[rows[rows >= 0]].sum())
    return Share(found, whole)


def identity_score(truth: Iterable[TrueFrame], sightings: Iterable[Seen]) -> IdentityScore:
    """IDF1 of one camera's frames; sightings of other frames do not count.

    As IDFP and IDFN are what is left of all boxes, giving people their tracks so that IDTP is largest is the assignment of
    least cost of the paper's bipartite graph.
    """
    seen = by_frame(sightings)
    together: Counter[tuple[int, str]] = Counter()
    true = found = 0
    for frame in truth:
        there = seen.get((frame.camera, frame.frame_id), [])
        true, found = true + len(frame), found + len(there)
        overlaps = pairwise_iou(_boxes(there), frame.boxes_xyxy) >= LEAST_IOU
        together.update((int(frame.pids[row]), there[box].track) for box, row in np.argwhere(overlaps).tolist())
    return IdentityScore(_most(together), found, true)


def _boxes(seen: list[Seen]) -> Float32Array:
    return xywh_to_xyxy(np.array([one.box_xywh for one in seen], np.float32).reshape(-1, 4))


def _most(together: Mapping[tuple[int, str], int]) -> int:
    """Largest number of frames together, of one-to-one pairs of people and tracks."""
    people = {pid: row for row, pid in enumerate(sorted({pid for pid, _ in together}))}
    tracks = {track: column for column, track in enumerate(sorted({track for _, track in together}))}
    counts = np.zeros((len(people), len(tracks)), np.int64)
    for (pid, track), frames in together.items():
        counts[people[pid], tracks[track]] = frames
    return int(counts[linear_sum_assignment(counts, maximize=True)].sum())
