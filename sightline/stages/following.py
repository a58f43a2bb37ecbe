"""What one camera remembers from frame to frame, and which of a frame's people become sightings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sightline.settings import Settings
from sightline.stages.quality import crop_quality
from sightline.stages.sampler import Sampler, Samples
from sightline.stages.tracker import Tracker, Tracks, TrackUpdate
from sightline.types import Detections, Float32Array, Frame, Int64Array, track_id


@dataclass(frozen=True, slots=True, eq=False)
class CameraMemory:
    """The tracks of a camera and what was sampled of them."""

    tracks: Tracks
    samples: Samples

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state as named arrays, for ``CameraState``."""
        return {**self.tracks.to_arrays(), **self.samples.to_arrays()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> CameraMemory:
        """The inverse of :meth:`to_arrays`; no arrays give a camera that has seen nobody."""
        return cls(Tracks.from_arrays(arrays), Samples.from_arrays(arrays))


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The people of a frame that become sightings.

    Attributes:
        indices: int64 (M,), rows of the frame's detections; they make the sighting ids.
        boxes_xyxy: float32 (M, 4), pixels of the picture.
        scores, quality: float32 (M,).
        tracks: M track ids.
    """

    indices: Int64Array
    boxes_xyxy: Float32Array
    scores: Float32Array
    quality: Float32Array
    tracks: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.indices)


class Follower:
    """Detections in, sightings-to-be out, one camera's frame after the other. Stateless: the memory is passed in."""

    def __init__(self, settings: Settings) -> None:
        self._tracker = Tracker(settings.tracker)
        self._sampler = Sampler(settings.sampler)
        self._sample: Literal["tracks", "all"] = settings.stream.sample
        self._min_height_px = settings.detection.min_height_px

    def follow(self, memory: CameraMemory, detections: Detections, frame: Frame) -> tuple[CameraMemory, Chosen]:
        """The camera's memory after the frame, and who of the frame becomes a sighting."""
        update = self._tracker.update(
            memory.tracks, detections, camera=frame.camera, frame_id=frame.frame_id, at_us=frame.captured_at_us
        )
        quality = crop_quality(detections, (frame.image.shape[1], frame.image.shape[0]))
        tall = detections.boxes_xyxy[:, 3] - detections.boxes_xyxy[:, 1] >= self._min_height_px
        samples, sampled = self._sampler.choose(memory.samples, update, quality=quality, eligible=tall)
        if self._sample == "all":
            sampled = np.ones(len(detections), np.bool_)
        indices = np.flatnonzero(sampled)
        chosen = Chosen(
            indices=indices,
            boxes_xyxy=detections.boxes_xyxy[indices],
            scores=detections.scores[indices],
            quality=quality[indices],
            tracks=tuple(_track_of(update, int(index), frame) for index in indices),
        )
        return CameraMemory(update.tracks, samples), chosen


def _track_of(update: TrackUpdate, index: int, frame: Frame) -> str:
    """The id of a detection's track; one that no track took is a track of one frame."""
    row = int(update.rows[index])
    return update.tracks.id_of(frame.camera, row) if row >= 0 else track_id(frame.camera, frame.frame_id, index)
