"""Which detections become sightings: a few good crops of each track, not every frame of it.

A track is sampled at its first good crop, again whenever a crop is clearly better than any before, and else at
intervals that grow, so that a person who stands still for an hour is a few dozen rows. The rule looks only at the past:
nothing is held back waiting for something better, so a crash can lose no crop. Legend: N tracks, D detections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.settings import SamplerSettings
from sightline.stages.tracker import TrackUpdate
from sightline.types import Float32Array, Int64Array

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What was sampled of each of N tracks, row by row as in ``Tracks``.

    Attributes:
        best: float32 (N,), quality of the best sample so far; 0 = none yet.
        count: int64 (N,), samples so far.
        last_us: int64 (N,), capture time of the last sample.
    """

    best: Float32Array
    count: Int64Array
    last_us: Int64Array

    @classmethod
    def empty(cls) -> Samples:
        return cls(np.zeros((0,), np.float32), np.zeros((0,), np.int64), np.zeros((0,), np.int64))

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state as named arrays, for ``CameraState``."""
        return {"sample.best": self.best, "sample.count": self.count, "sample.last_us": self.last_us}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Samples:
        """The inverse of :meth:`to_arrays`; a camera without a state begins empty."""
        if "sample.best" not in arrays:
            return cls.empty()
        return cls(
            np.asarray(arrays["sample.best"], np.float32),
            np.asarray(arrays["sample.count"], np.int64),
            np.asarray(arrays["sample.last_us"], np.int64),
        )

    def follow(self, previous_rows: Int64Array) -> Samples:
        """Rows moved as the tracker moved its own; a track that just began has no samples."""
        new = previous_rows < 0
        source = np.where(new, 0, previous_rows)
        padded = self if len(self.best) else Samples(*(np.zeros((1,), a.dtype) for a in (self.best, self.count, self.last_us)))
        return Samples(
            np.where(new, np.float32(0), padded.best[source]),
            np.where(new, 0, padded.count[source]),
            np.where(new, 0, padded.last_us[source]),
        )


class Sampler:
    """Chooses detections by track, quality and time. Stateless: the state is passed in and given back."""

    def __init__(self, settings: SamplerSettings) -> None:
        self._settings = settings

    def choose(
        self, samples: Samples, update: TrackUpdate, *, quality: Float32Array, eligible: BoolArray
    ) -> tuple[Samples, BoolArray]:
        """Decide for each detection of a frame.

        Args:
            samples: the state before the frame.
            update: what the tracker made of the frame.
            quality: float32 (D,).
            eligible: bool (D,), false = never (too small).

        Returns:
            The state after the frame, and bool (D,): which detections are sampled.
        """
        samples = samples.follow(update.previous_rows)
        chosen = eligible & (update.rows >= 0)
        rows = np.where(chosen, update.rows, 0)
        if not chosen.any():
            return samples, chosen
        at_us = update.tracks.at_us
        chosen &= self._due(samples, rows, quality, at_us)
        rows = update.rows[chosen]
        best, count, last_us = samples.best.copy(), samples.count.copy(), samples.last_us.copy()
        best[rows] = np.maximum(best[rows], quality[chosen])
        count[rows] += 1
        last_us[rows] = at_us
        return Samples(best, count, last_us), chosen

    def _due(self, samples: Samples, rows: Int64Array, quality: Float32Array, at_us: int) -> BoolArray:
        """Whether each detection's track is due for a sample of this quality. (D,)"""
        s = self._settings
        waited_s = (at_us - samples.last_us[rows]) / 1e6
        growth = s.interval_growth ** np.minimum(np.maximum(samples.count[rows] - 1, 0), 32)
        interval_s = np.minimum(s.first_interval_s * growth, s.max_interval_s)
        first = samples.count[rows] == 0
        better = (quality >= samples.best[rows] * s.better_by) & (waited_s >= s.min_gap_s)
        due: BoolArray = (quality >= s.min_quality) & (first | better | (waited_s >= interval_s))
        return due
