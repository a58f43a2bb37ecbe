"""ByteTrack (Zhang et al., ECCV 2022) for few frames a second, with a state that is plain arrays: saved, restored anywhere.

ByteTrack matches by the overlap of boxes. At two frames a second people step out of their own boxes, and a stream that is short
of cores has no more. So confident detections are matched by how likely they are: by the filter's own uncertainty, which grows
with the time between frames, and by the colours of the clothes (:mod:`sightline.stages.colours`).

The maintained libraries with a permissive licence (``trackers``, ``supervision``) keep a track as a live object and
offer no way to save or restore one, so a stream that moves to another process would lose its ids. Here the
state is a value: ``update`` takes one and gives the next, and the same frames give the same ids on any machine.

Legend: N tracks, D detections of one frame. Ids are per camera; a track's id is the UUIDv5 of its first detection.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sightline.geometry import pairwise_iou
from sightline.settings import TrackerSettings
from sightline.stages.colours import COLOURS, blended, colour_distances
from sightline.stages.kalman import Motion
from sightline.types import Detections, Float32Array, Int64Array, UInt8Array, track_id

_NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """A camera's tracks after a frame.

    Attributes:
        uuids: uint8 (N, 16), the bytes of each track's UUID.
        motion: where they are (N).
        seen_at_us: int64 (N,), when each was last matched.
        hits: int64 (N,), how often each was matched.
        colours: float32 (N, COLOURS), of :func:`sightline.stages.colours.band_colours`; NaN = not known.
        at_us: when the last frame was captured; 0 before the first.
    """

    uuids: UInt8Array
    motion: Motion
    seen_at_us: Int64Array
    hits: Int64Array
    colours: Float32Array
    at_us: int

    @classmethod
    def empty(cls) -> Tracks:
        none = np.zeros((0,), np.int64)
        motion = Motion.begin(np.zeros((0, 4), np.float32))
        return cls(np.zeros((0, 16), np.uint8), motion, none, none, _unknown(0), 0)

    def __len__(self) -> int:
        return len(self.hits)

    def id_of(self, camera: str, row: int) -> str:
        """The track id of a row: ``<camera>/<UUID>``."""
        return f"{camera}/{uuid.UUID(bytes=self.uuids[row].tobytes())}"

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state as named arrays, for ``CameraState``."""
        return {
            "track.uuids": self.uuids,
            "track.position": self.motion.position,
            "track.velocity": self.motion.velocity,
            "track.covariance": self.motion.covariance,
            "track.seen_at_us": self.seen_at_us,
            "track.hits": self.hits,
            "track.colours": self.colours,
            "track.at_us": np.array([self.at_us], np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Tracks:
        """The inverse of :meth:`to_arrays`; a camera without a state begins empty, and one from before colours knows none."""
        if "track.uuids" not in arrays:
            return cls.empty()
        hits = np.asarray(arrays["track.hits"], np.int64)
        return cls(
            uuids=np.asarray(arrays["track.uuids"], np.uint8),
            motion=Motion(
                np.asarray(arrays["track.position"], np.float64),
                np.asarray(arrays["track.velocity"], np.float64),
                np.asarray(arrays["track.covariance"], np.float64),
            ),
            seen_at_us=np.asarray(arrays["track.seen_at_us"], np.int64),
            hits=hits,
            colours=np.asarray(arrays.get("track.colours", _unknown(len(hits))), np.float32),
            at_us=int(np.asarray(arrays["track.at_us"], np.int64)[0]),
        )

    def take(self, rows: Int64Array) -> Tracks:
        """These tracks alone, in this order."""
        return Tracks(
            self.uuids[rows],
            self.motion.take(rows),
            self.seen_at_us[rows],
            self.hits[rows],
            self.colours[rows],
            self.at_us,
        )


@dataclass(frozen=True, slots=True, eq=False)
class TrackUpdate:
    """What a frame did to the tracks.

    Attributes:
        tracks: the N tracks now.
        previous_rows: int64 (N,), each one's row before the frame; -1 = it began here.
        rows: int64 (D,), the row of each detection's track; -1 = none (too faint to begin one).
    """

    tracks: Tracks
    previous_rows: Int64Array
    rows: Int64Array


class Tracker:
    """Follows people within one camera. Stateless: the state is passed in and given back."""

    def __init__(self, settings: TrackerSettings) -> None:
        self._settings = settings

    def update(
        self,
        tracks: Tracks,
        detections: Detections,
        colours: Float32Array | None = None,
        *,
        camera: str,
        frame_id: str,
        at_us: int,
    ) -> TrackUpdate:
        """Match a frame's detections to the tracks, begin new ones, forget those long unseen.

        Two rounds, as in ByteTrack: confident detections claim tracks first, then faint ones may keep a track that is
        left over alive. A frame older than the last one moves nothing back in time.

        Args:
            tracks: of the camera, after its last frame.
            detections: D of them.
            colours: float32 (D, COLOURS), of :func:`sightline.stages.colours.band_colours`; None = not known.
            camera, frame_id: name new tracks.
            at_us: when the frame was captured.
        """
        at_us = max(at_us, tracks.at_us)
        colours = _unknown(len(detections)) if colours is None else colours
        kept = self._remembered(tracks, at_us)
        known = tracks.take(kept)
        predicted = replace(known, motion=known.motion.predict((at_us - known.seen_at_us) / 1e6))
        rows = self._match(predicted, detections, colours)
        found = np.flatnonzero(rows != _NONE)
        matched = rows[found]
        corrected = predicted.motion.take(matched).correct(detections.boxes_xyxy[found])
        seen_at_us, hits, worn = known.seen_at_us.copy(), known.hits.copy(), known.colours.copy()
        seen_at_us[matched] = at_us
        hits[matched] += 1
        worn[matched] = blended(worn[matched], colours[found])
        # An unmatched track keeps the state of its last match: predicting twice from it equals predicting once.
        moved = Tracks(known.uuids, known.motion.put(matched, corrected), seen_at_us, hits, worn, at_us)
        name = partial(track_id, camera, frame_id)
        return self._begin(moved, kept, rows, detections=detections, colours=colours, name=name)

    def _remembered(self, tracks: Tracks, at_us: int) -> Int64Array:
        """Rows of the tracks seen lately, at most ``max_tracks`` of them, in order."""
        rows = np.flatnonzero(at_us - tracks.seen_at_us <= self._settings.forget_after_s * 1e6)
        if len(rows) > self._settings.max_tracks:
            latest = np.argsort(-tracks.seen_at_us[rows], kind="stable")[: self._settings.max_tracks]
            rows = np.sort(rows[latest])
        return rows

    def _match(self, tracks: Tracks, detections: Detections, colours: Float32Array) -> Int64Array:
        """The row of each detection's track, -1 for none; ``tracks`` are where they should be by now. (D,)"""
        overlap = pairwise_iou(tracks.motion.boxes_xyxy, detections.boxes_xyxy)
        confident = detections.scores >= self._settings.high_score
        by_likelihood = self._unlikelihood(tracks, detections, colours, overlap)
        by_overlap = np.where(overlap >= max(self._settings.faint_match_iou, 1e-9), -overlap, np.inf)
        rows = np.full(len(detections), _NONE, np.int64)
        free = np.ones(len(tracks), np.bool_)
        for chosen, cost in ((confident, by_likelihood), (~confident, by_overlap)):
            track_rows, columns = np.flatnonzero(free), np.flatnonzero(chosen)
            for row, column in _assign(cost[np.ix_(track_rows, columns)]):
                rows[columns[column]] = track_rows[row]
                free[track_rows[row]] = False
        return rows

    def _unlikelihood(
        self, tracks: Tracks, detections: Detections, colours: Float32Array, overlap: Float32Array
    ) -> NDArray[np.float64]:
        """Twice the negative log likelihood, but for a constant, that a detection is of a track; infinite = it is not. (N, D)

        A box that is near enough by its overlap may be as unlikely as the gate at most: whoever steps behind a car loses his
        legs, and is where he was.
        """
        squared, volume = tracks.motion.surprise(detections.boxes_xyxy)
        gate = self._settings.motion_gate
        possible = (squared <= gate) | (overlap >= max(self._settings.match_iou, 1e-9))
        worn = self._settings.colour_weight * colour_distances(tracks.colours, colours)
        return np.where(possible, np.minimum(squared, gate) + volume + worn, np.inf)

    def _begin(
        self,
        tracks: Tracks,
        kept: Int64Array,
        rows: Int64Array,
        *,
        detections: Detections,
        colours: Float32Array,
        name: Callable[[int], str],
    ) -> TrackUpdate:
        """Begin a track at each confident detection that has none."""
        new = np.flatnonzero((rows == _NONE) & (detections.scores >= self._settings.new_track_score))
        rows = rows.copy()
        rows[new] = len(tracks) + np.arange(len(new))
        ids = [uuid.UUID(name(int(index)).rpartition("/")[2]) for index in new]
        uuids = np.frombuffer(b"".join(one.bytes for one in ids), np.uint8).reshape(-1, 16)
        grown = Tracks(
            np.concatenate([tracks.uuids, uuids]),
            tracks.motion.append(Motion.begin(detections.boxes_xyxy[new])),
            np.concatenate([tracks.seen_at_us, np.full(len(new), tracks.at_us, np.int64)]),
            np.concatenate([tracks.hits, np.ones(len(new), np.int64)]),
            np.concatenate([tracks.colours, colours[new]]),
            tracks.at_us,
        )
        return TrackUpdate(grown, np.concatenate([kept, np.full(len(new), _NONE, np.int64)]), rows)


def _unknown(count: int) -> Float32Array:
    return np.full((count, COLOURS), np.nan, np.float32)


def _assign(cost: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Pairs (row, column): as many as can be of finite cost, and of those the least total cost. (N, D)"""
    possible = np.isfinite(cost)
    if not possible.any():
        return []
    spread = np.ptp(cost[possible]) + 1.0
    dear = cost[possible].max() + spread * (min(cost.shape) + 1)
    rows, columns = linear_sum_assignment(np.where(possible, cost, dear))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if possible[r, c]]
