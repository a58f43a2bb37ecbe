"""What became of a frame: every offset has exactly one outcome, committed with all that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sightline.types import CameraState, Frame
from sightline.wire import Message


class OutcomeKind(StrEnum):
    """The three fates of a frame. The values are metric labels."""

    SEEN = "seen"
    SHED = "shed"
    DEAD_LETTER = "dead_letter"


class ShedReason(StrEnum):
    """Why a live frame was shed. The values are metric labels and keys of ``CameraState.shed``."""

    STALE = "stale"
    """Older than ``stream.stale_after_s`` when its turn came, and newer frames were waiting."""
    STAGE_UNAVAILABLE = "stage_unavailable"
    """A stage did not answer until the frame was stale."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One frame's outcome.

    Attributes:
        offset: of the frame in its partition.
        kind: what became of it.
        camera: its camera; "" where the record named none.
        reason: of shedding or rejection; "" for a frame that was seen.
        state: the camera's state after this frame; None where there is no camera.
        messages: sightings or the dead letter, to be committed with the offset.
        detections: people found.
    """

    offset: int
    kind: OutcomeKind
    camera: str
    state: CameraState | None
    messages: tuple[Message, ...] = ()
    reason: str = ""
    detections: int = 0

    @property
    def sightings(self) -> int:
        """How many sightings the frame gave."""
        return len(self.messages) if self.kind is OutcomeKind.SEEN else 0


def after_seen(
    state: CameraState, frame: Frame, *, offset: int, sightings: int, arrays: Mapping[str, NDArray[np.generic]]
) -> CameraState:
    """A camera's state after a frame went through the stages; ``arrays`` is its memory now."""
    return replace(
        state,
        frame_id=frame.frame_id,
        captured_at_us=max(state.captured_at_us, frame.captured_at_us),
        offset=offset,
        picture_wh=(frame.image.shape[1], frame.image.shape[0]),
        seen=state.seen + 1,
        sightings=state.sightings + sightings,
        arrays=arrays,
    )


def after_shed(state: CameraState, *, offset: int, reason: str) -> CameraState:
    """A camera's state after one of its frames was shed."""
    return replace(state, offset=offset, shed=_counted(state.shed, reason))


def after_dead_letter(state: CameraState, *, offset: int, reason: str) -> CameraState:
    """A camera's state after one of its frames became a dead letter."""
    return replace(state, offset=offset, dead=_counted(state.dead, reason))


def _counted(counts: Mapping[str, int], reason: str) -> dict[str, int]:
    return dict(Counter(counts) + Counter([reason]))
