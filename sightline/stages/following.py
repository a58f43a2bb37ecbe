"""What one camera remembers from frame to frame, and which of a frame's people become sightings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sightline.settings import Settings
from sightline.stages.colours import band_colours
from sightline.stages.quality import crop_quality
from sightline.stages.sampler import BoolArray, Sampler, Samples
from sightline.stages.tracker import Tracker, Tracks, TrackUpdate
from sightline.stages.visibility import seen_fraction
from sightline.types import Detections, Float32Array, Frame, Int64Array


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
class Proposal:
    """The people of a frame that may become sightings, if enough of them can be seen.

    Attributes:
        frame: whose they are.
        detections: of the frame, D of them.
        update: what the tracker made of it.
        samples: the sampler's state.
        quality: float32 (D,), the most that it may be.
        proposed: bool (D,).
        indices: int64 (P,), rows of the detections to look at; with ``stream.sample = "all"`` all that a track took.
    """

    frame: Frame
    detections: Detections
    update: TrackUpdate
    samples: Samples
    quality: Float32Array
    proposed: BoolArray
    indices: Int64Array

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def boxes_xyxy(self) -> Float32Array:
        """float32 (P, 4), pixels of the picture."""
        return self.detections.boxes_xyxy[self.indices]


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The people of a frame that become sightings.

    Attributes:
        indices: int64 (M,), rows of the frame's detections; they make the sighting ids.
        boxes_xyxy: float32 (M, 4), pixels of the picture.
        scores, quality: float32 (M,).
        tracks: M track ids.
        visibility: float32 (M, 24), see :mod:`sightline.stages.visibility`; None where it is not known.
    """

    indices: Int64Array
    boxes_xyxy: Float32Array
    scores: Float32Array
    quality: Float32Array
    tracks: tuple[str, ...]
    visibility: Float32Array | None = None

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
        """The camera's memory after the frame, and who of the frame becomes a sighting, by the boxes alone."""
        return self.choose(self.propose(memory, detections, frame), None)

    def propose(self, memory: CameraMemory, detections: Detections, frame: Frame) -> Proposal:
        """Track, and say whose visibility must be known."""
        update = self._tracker.update(
            memory.tracks,
            detections,
            band_colours(frame.image, detections.boxes_xyxy),
            camera=frame.camera,
            frame_id=frame.frame_id,
            at_us=frame.captured_at_us,
        )
        quality = crop_quality(detections, (frame.image.shape[1], frame.image.shape[0]))
        tall = detections.boxes_xyxy[:, 3] - detections.boxes_xyxy[:, 1] >= self._min_height_px
        samples, proposed = self._sampler.propose(memory.samples, update, quality=quality, eligible=tall)
        looked_at = update.rows >= 0 if self._sample == "all" else proposed
        return Proposal(frame, detections, update, samples, quality, proposed, np.flatnonzero(looked_at))

    def choose(self, proposal: Proposal, visibility: Float32Array | None) -> tuple[CameraMemory, Chosen]:
        """The camera's memory after the frame, and who of the frame becomes a sighting.

        Args:
            proposal: of :meth:`propose`.
            visibility: float32 (P, 24) of the proposed; None = not known: all count as wholly seen.
        """
        update, quality = proposal.update, proposal.quality.copy()
        if visibility is not None:
            quality[proposal.indices] *= seen_fraction(visibility)
        samples, sampled = self._sampler.take(proposal.samples, update, quality=quality, proposed=proposal.proposed)
        rows = np.arange(len(proposal)) if self._sample == "all" else np.flatnonzero(sampled[proposal.indices])
        indices = proposal.indices[rows]
        chosen = Chosen(
            indices=indices,
            boxes_xyxy=proposal.detections.boxes_xyxy[indices],
            scores=proposal.detections.scores[indices],
            quality=quality[indices],
            tracks=tuple(update.tracks.id_of(proposal.frame.camera, int(update.rows[index])) for index in indices),
            visibility=None if visibility is None else visibility[rows],
        )
        return CameraMemory(update.tracks, samples), chosen
