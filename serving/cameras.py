"""How each camera is doing, from the states that the stream commits with its frames."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from sightline.ports import Clock
from sightline.types import CameraState

WINDOW_S = 10.0
"""Frames per second are measured over this long."""
_BASELINE_S = 60.0
"""A sample this old no longer serves as the start of the window (a camera that rested, then came back)."""
_MAX_SAMPLES = 256


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """One camera now.

    Attributes:
        camera: its id.
        fps: frames seen a second over the last :data:`WINDOW_S`; 0 once nothing came for that long.
        captured_at_us: capture time of the last frame that had an outcome; None before the first.
        lag_s: age of that frame, never negative; None before the first.
        picture_wh: width and height of its pictures, pixels.
        seen, sightings: counts since the camera first published.
        shed, dead: frames shed and dead letters, by reason, since then.
    """

    camera: str
    fps: float
    captured_at_us: int | None
    lag_s: float | None
    picture_wh: tuple[int, int]
    seen: int
    sightings: int
    shed: Mapping[str, int]
    dead: Mapping[str, int]


@dataclass(slots=True)
class _History:
    latest: CameraState
    samples: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))


class CameraBoard:
    """The latest state of each camera; memory is one state (without arrays) and a few samples a camera.

    ``update`` and ``figures`` may be called from different threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._cameras: dict[str, _History] = {}

    def update(self, state: CameraState, *, committed_at_s: float) -> None:
        """Take in a camera's next state, committed at ``committed_at_s`` (seconds since the epoch)."""
        slim = CameraState(
            camera=state.camera,
            captured_at_us=state.captured_at_us,
            offset=state.offset,
            picture_wh=state.picture_wh,
            seen=state.seen,
            sightings=state.sightings,
            shed=dict(state.shed),
            dead=dict(state.dead),
        )
        with self._lock:
            history = self._cameras.setdefault(state.camera, _History(slim))
            history.latest = slim
            history.samples.append((committed_at_s, state.seen))
            _forget(history.samples, committed_at_s)

    def remove(self, camera: str) -> None:
        """Forget a camera whose state was deleted."""
        with self._lock:
            self._cameras.pop(camera, None)

    def figures(self) -> list[CameraFigures]:
        """All cameras, in order of their ids."""
        now_s = self._clock()
        with self._lock:
            return [_figures(self._cameras[camera], now_s) for camera in sorted(self._cameras)]


def _forget(samples: deque[tuple[float, int]], now_s: float) -> None:
    """Keep the window and the one sample before it, from which the window is counted."""
    while len(samples) > 1 and (samples[1][0] <= now_s - WINDOW_S or samples[0][0] < now_s - _BASELINE_S):
        samples.popleft()


def _figures(history: _History, now_s: float) -> CameraFigures:
    state = history.latest
    began = state.offset >= 0
    return CameraFigures(
        camera=state.camera,
        fps=_fps(history.samples, now_s),
        captured_at_us=state.captured_at_us if began else None,
        lag_s=max(0.0, now_s - state.captured_at_us / 1e6) if began else None,
        picture_wh=state.picture_wh,
        seen=state.seen,
        sightings=state.sightings,
        shed=state.shed,
        dead=state.dead,
    )


def _fps(samples: deque[tuple[float, int]], now_s: float) -> float:
    (first_s, first_seen), (last_s, last_seen) = samples[0], samples[-1]
    if last_s < now_s - WINDOW_S or last_s <= first_s:
        return 0.0
    return max(0.0, (last_seen - first_seen) / (last_s - first_s))
