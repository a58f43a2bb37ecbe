"""Which detections become sightings: a few good crops of each track, not every frame of it.

A track is sampled at its first good crop, again whenever a crop is clearly better than any before, and else at
intervals that grow, so that a person who stands still for an hour is a few dozen rows. The rule looks only at the past:
nothing is held back waiting for something better, so a crash can lose no crop. Legend: N tracks, D detections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
        looked_us: int64 (N,), capture time of the last crop that was proposed as a sample, taken or not.
    """

    best: Float32Array
    count: Int64Array
    last_us: Int64Array
    looked_us: Int64Array

    @classmethod
    def empty(cls) -> Samples:
        none = np.zeros((0,), np.int64)
        return cls(np.zeros((0,), np.float32), none, none, none)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state as named arrays, for ``CameraState``."""
        return {
            "sample.best": self.best,
            "sample.count": self.count,
            "sample.last_us": self.last_us,
            "sample.looked_us": self.looked_us,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Samples:
        """The inverse of :meth:`to_arrays`; a camera without a state begins empty.

        States of an earlier Sightline do not say when a crop was last proposed: then it was the last that was taken.
        """
        if "sample.best" not in arrays:
            return cls.empty()
        return cls(
            np.asarray(arrays["sample.best"], np.float32),
            np.asarray(arrays["sample.count"], np.int64),
            np.asarray(arrays["sample.last_us"], np.int64),
            np.asarray(arrays.get("sample.looked_us", arrays["sample.last_us"]), np.int64),
        )

    def follow(self, previous_rows: Int64Array) -> Samples:
        """Rows moved as the tracker moved its own; a track that just began has no samples."""
        new = previous_rows < 0
        source = np.where(new, 0, previous_rows)
        best, count, last_us, looked_us = (
            np.where(new, array.dtype.type(0), (array if len(array) else np.zeros((1,), array.dtype))[source])
            for array in (self.best, self.count, self.last_us, self.looked_us)
        )
        return Samples(best, count, last_us, looked_us)


class Sampler:
    """Chooses detections by track, quality and time. Stateless: the state is passed in and given back.

    In two steps, so that what is dear to know of a crop need only be known of the few that may be taken: :meth:`propose` by
    what the quality is at best, :meth:`take` by what it is.
    """

    def __init__(self, settings: SamplerSettings) -> None:
        self._settings = settings

    def choose(
        self, samples: Samples, update: TrackUpdate, *, quality: Float32Array, eligible: BoolArray
    ) -> tuple[Samples, BoolArray]:
        """Both steps, where the quality is known. Arguments and answer as of :meth:`propose` and :meth:`take`."""
        samples, proposed = self.propose(samples, update, quality=quality, eligible=eligible)
        return self.take(samples, update, quality=quality, proposed=proposed)

    def propose(
        self, samples: Samples, update: TrackUpdate, *, quality: Float32Array, eligible: BoolArray
    ) -> tuple[Samples, BoolArray]:
        """Which detections of a frame would be sampled if their quality were this.

        A track whose last proposal was not taken is left alone for ``min_gap_s``: somebody who stands behind a counter for an
        hour is not looked at in every frame.

        Args:
            samples: the state before the frame.
            update: what the tracker made of the frame.
            quality: float32 (D,), the most that it may be.
            eligible: bool (D,), false = never (too small).

        Returns:
            The state, and bool (D,): the proposed detections.
        """
        samples = samples.follow(update.previous_rows)
        proposed = eligible & (update.rows >= 0)
        if not proposed.any():
            return samples, proposed
        rows = np.where(proposed, update.rows, 0)
        at_us = update.tracks.at_us
        rested = (samples.looked_us <= samples.last_us) | (at_us - samples.looked_us >= self._settings.min_gap_s * 1e6)
        proposed &= self._due(samples, rows, quality, at_us) & rested[rows]
        looked_us = samples.looked_us.copy()
        looked_us[update.rows[proposed]] = at_us
        return replace(samples, looked_us=looked_us), proposed

    def take(
        self, samples: Samples, update: TrackUpdate, *, quality: Float32Array, proposed: BoolArray
    ) -> tuple[Samples, BoolArray]:
        """Decide for each proposed detection, now that its quality is known.

        Args:
            samples: the state that :meth:`propose` gave.
            update: what the tracker made of the frame.
            quality: float32 (D,), no more than what was proposed.
            proposed: bool (D,).

        Returns:
            The state after the frame, and bool (D,): which detections are sampled.
        """
        if not proposed.any():
            return samples, proposed
        at_us = update.tracks.at_us
        chosen = proposed & self._due(samples, np.where(proposed, update.rows, 0), quality, at_us)
        rows = update.rows[chosen]
        best, count, last_us = samples.best.copy(), samples.count.copy(), samples.last_us.copy()
        best[rows] = np.maximum(best[rows], quality[chosen])
        count[rows] += 1
        last_us[rows] = at_us
        return replace(samples, best=best, count=count, last_us=last_us), chosen

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
