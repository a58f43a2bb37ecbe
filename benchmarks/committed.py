"""What a run committed, read back from its topics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sightline.adapters.kafka.replay import TopicReplay
from sightline.settings import Settings
from sightline.types import Sighting
from sightline.wire import Record, camera_state_from_record, sighting_from_record


@dataclass(frozen=True, slots=True)
class Commits:
    """The transactions of a run, by the camera states in them.

    Attributes:
        first_s, last_s: Unix times of the first and the last, from the records' own time stamps.
        seen, shed, dead: frames by outcome, all cameras.
    """

    first_s: float
    last_s: float
    seen: int
    shed: int
    dead: int


def read_commits(settings: Settings) -> Commits:
    """Read ``camera-state`` back.

    Raises:
        ValueError: nothing was committed.
    """
    records = list(_records(settings, settings.kafka.topic("camera_state")))
    if not records:
        raise ValueError("expected a committed camera state, there is none")
    times_s = [record.timestamp_ms / 1000 for record in records]
    states = {record.key: camera_state_from_record(record) for record in records}.values()
    return Commits(
        min(times_s),
        max(times_s),
        seen=sum(state.seen for state in states),
        shed=sum(sum(state.shed.values()) for state in states),
        dead=sum(sum(state.dead.values()) for state in states),
    )


def read_sightings(settings: Settings) -> list[Sighting]:
    """Every committed sighting."""
    return [sighting_from_record(record) for record in _records(settings, settings.kafka.topic("sightings"))]


def _records(settings: Settings, topic: str) -> Iterator[Record]:
    replay = TopicReplay(settings.kafka, topic)
    replay.open()
    for batch in replay.records():
        yield from batch
