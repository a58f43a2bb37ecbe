"""What a run committed, read back from its topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.adapters.kafka.replay import TopicReplay
from sightline.settings import Settings
from sightline.types import CameraState, Sighting
from sightline.wire import Record, camera_state_from_record, sighting_from_record

_ONE_COMMIT_MS = 50.0
"""Records of one transaction are made within that; transactions are further apart."""


@dataclass(frozen=True, slots=True)
class Commits:
    """The transactions of a run, by the camera states in them.

    Attributes:
        first_s, last_s: Unix times of the first and the last, from the records' own time stamps.
        seen_first: frames seen in the first one.
        seen, shed, dead: frames by outcome, all cameras.
    """

    first_s: float
    last_s: float
    seen_first: int
    seen: int
    shed: int
    dead: int


def read_commits(settings: Settings) -> Commits:
    """Read ``camera-state`` back.

    Raises:
        ValueError: nothing was committed.
    """
    records = [record for record, _ in read_camera_states(settings)]
    if not records:
        raise ValueError("expected a committed camera state, there is none")
    times_s = [record.timestamp_ms / 1000 for record in records]
    states = [camera_state_from_record(record) for record in _latest(records)]
    together = [record for record in records if record.timestamp_ms <= 1000 * min(times_s) + _ONE_COMMIT_MS]
    return Commits(
        min(times_s),
        max(times_s),
        seen_first=sum(camera_state_from_record(record).seen for record in _latest(together)),
        seen=sum(state.seen for state in states),
        shed=sum(sum(state.shed.values()) for state in states),
        dead=sum(sum(state.dead.values()) for state in states),
    )


def read_camera_states(settings: Settings) -> Iterator[tuple[Record, CameraState]]:
    """Every committed state of a camera, those of one camera in order."""
    for record in _records(settings, settings.kafka.topic("camera_state")):
        yield record, camera_state_from_record(record)


def read_sightings(settings: Settings) -> list[Sighting]:
    """Every committed sighting."""
    return [sighting_from_record(record) for record in _records(settings, settings.kafka.topic("sightings"))]


def _latest(records: Sequence[Record]) -> list[Record]:
    """The last record of each camera."""
    return list({record.key: record for record in records}.values())


def _records(settings: Settings, topic: str) -> Iterator[Record]:
    replay = TopicReplay(settings.kafka, topic)
    replay.open()
    for batch in replay.records():
        yield from batch
