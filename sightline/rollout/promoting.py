"""The order of a promotion, so that whatever dies, either the former model is live or the new one is, wholly.

1. What was seen is embedded again into the new space, while stream and questions go on with the former model.
2. What came meanwhile, again and again, until little is left.
3. Both spaces are compared; whoever minds what is found stops here.
4. The new model is remembered as live: the one moment at which the promotion holds. Before it nothing has changed; after
   it, promoting again or `sightline up` does what is left.
5. Stream and questions begin to use it; the stream commits its last sightings of the former space before.
6. Those are embedded again too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sightline.rollout.catching_up import CaughtUp
from sightline.rollout.neighbours import NeighbourAgreement
from sightline.standing import Replay

LITTLE = 200
"""Offsets of the topic: so few are left to the last round."""
_MOST_ROUNDS = 20


class Recording(Replay, Protocol):
    """A replay that can be gone on from: :class:`sightline.adapters.kafka.replay.TopicReplay`."""

    @property
    def offsets(self) -> int:
        """How much there is to read."""
        ...

    def rest(self) -> Recording:
        """What came since its end. Raises ServiceUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Steps:
    """What a promotion does, each step of which may be repeated.

    Attributes:
        catch_up: brings the new space up to a recording.
        compare: the two spaces; None = there is nothing to compare with.
        accept: hears it, and raises where the new model is not wanted.
        remember: makes it live, see :mod:`sightline.models.live`.
        deploy: tells stream and questions.
    """

    catch_up: Callable[[Recording], CaughtUp]
    compare: Callable[[], NeighbourAgreement | None]
    accept: Callable[[NeighbourAgreement | None], None]
    remember: Callable[[], None]
    deploy: Callable[[], None]


def promote(recording: Recording, steps: Steps) -> CaughtUp:
    """Make a new embedder live; what was embedded again, in all rounds.

    Raises:
        SightlineError: a step failed, or the new model is not wanted; see the module for what is live then.
    """
    done = steps.catch_up(recording)
    for _ in range(_MOST_ROUNDS):  # a stream that is quicker than we are is caught up with when it has gone over
        if recording.offsets <= LITTLE:
            break
        recording = recording.rest()
        done += steps.catch_up(recording)
    steps.accept(steps.compare())
    steps.remember()
    steps.deploy()
    return done + steps.catch_up(recording.rest())
