"""Where a person is at any time: a closed round through the rooms, with rests, and a while out of sight."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import Float64Array
from sightline.cameras.synthetic.paths import PathNetwork

_ITINERARY_STREAM = 4
_SOFTEN_S = np.linspace(-0.35, 0.35, 7)
"""Setting off and coming to rest take this long."""
_LOOK_AHEAD = 0.40
"""Metres before and behind, between which the heading is taken."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A person at a moment.

    Attributes:
        position: x, y, metres.
        heading: radians, from the world's x to its y.
        walked: metres since the round began: what the gait's phase follows.
        speed: metres a second.
    """

    position: tuple[float, float]
    heading: float
    walked: float
    speed: float


@dataclass(frozen=True, slots=True, eq=False)
class Itinerary:
    """A round that repeats.

    Attributes:
        track: float64 (M, 2), metres: the way, its corners rounded.
        metres: float64 (M,): how long the way is up to each point of it.
        times_s, walked: float64 (K,): at these times of the round, so much of the way is done.
        period_us: how long a round takes.
        offset_us: how far into it the person is at time 0.
    """

    track: Float64Array
    metres: Float64Array
    times_s: Float64Array
    walked: Float64Array
    period_us: int
    offset_us: int

    def at(self, time_us: int) -> Whereabouts:
        """Where the person is, microseconds since the epoch."""
        into_s = ((time_us + self.offset_us) % self.period_us) / 1e6  # whole microseconds first: a float of the epoch is coarse
        walked = np.interp(into_s + _SOFTEN_S, self.times_s, self.walked)
        done = float(walked.mean())
        (behind_x, x, ahead_x), (behind_y, y, ahead_y) = (
            np.interp((done - _LOOK_AHEAD, done, done + _LOOK_AHEAD), self.metres, self.track[:, axis]).tolist()
            for axis in (0, 1)
        )
        speed = float(walked[-1] - walked[0]) / float(_SOFTEN_S[-1] - _SOFTEN_S[0])
        return Whereabouts((x, y), math.atan2(ahead_y - behind_y, ahead_x - behind_x), done, speed)


def draw_itinerary(seed: int, pid: int, paths: PathNetwork, speed: float) -> Itinerary:
    """The round of this person: the same each time.

    Args:
        seed: of the world.
        pid: of the person.
        paths: of the world.
        speed: metres a second.
    """
    random = np.random.default_rng((seed, _ITINERARY_STREAM, pid))
    stops = _stops(paths, random)
    legs = [paths.places[paths.way(one, other)] for one, other in itertools.pairwise(stops)]
    track = [_rounded(leg) for leg in legs]
    lengths = [float(np.sqrt((np.diff(leg, axis=0) ** 2).sum(-1)).sum()) for leg in track]
    times, walked = [0.0], [0.0]
    for length in lengths:
        times.append(times[-1] + length / speed)
        walked.append(walked[-1] + length)
        times.append(times[-1] + (float(random.uniform(2.0, 5.0)) if random.random() < 0.45 else 0.0))
        walked.append(walked[-1])
    away_s = float(random.uniform(2.0, 12.0))
    period_us = round((times[-1] + away_s) * 1e6)
    way = np.concatenate(track)
    metres = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(way, axis=0) ** 2).sum(-1)))])
    return Itinerary(way, metres, np.array(times), np.array(walked), period_us, int(random.integers(period_us)))


def _stops(paths: PathNetwork, random: np.random.Generator) -> list[int]:
    """From one end of the corridor through some rooms, one after the other, to one of its ends."""
    rooms = [room for room, places in enumerate(paths.rooms) if places]
    here = int(random.integers(len(rooms)))
    stops = [int(random.integers(2))]
    for _ in range(int(random.integers(3, 6))):
        places = paths.rooms[rooms[here]]
        count = min(len(places), int(random.integers(3, 7)))
        stops += [int(place) for place in random.choice(places, count, replace=False)]
        here = int(np.clip(here + random.choice((-1, 1)), 0, len(rooms) - 1))
    stops.append(int(random.integers(2)))
    return [stop for number, stop in enumerate(stops) if number == 0 or stop != stops[number - 1]]


def _rounded(corners: Float64Array, rounds: int = 3) -> Float64Array:
    """Corners cut (Chaikin); the ends stay."""
    for _ in range(rounds if len(corners) > 2 else 0):
        first, last = corners[:-1], corners[1:]
        cut = np.stack([0.75 * first + 0.25 * last, 0.25 * first + 0.75 * last], axis=1).reshape(-1, 2)
        corners = np.concatenate([corners[:1], cut[1:-1], corners[-1:]])
    return corners
