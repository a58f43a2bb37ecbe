"""Which record of each sighting stands: the topic ``sightings`` may hold older ones, and tombstones of what was erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from sightline.wire import Record


class Replay(Protocol):
    """A topic from its beginning to where it ended when this was opened."""

    def records(self) -> Iterator[list[Record]]:
        """Batches of records, in order within each partition; may be asked for again. Raises ServiceUnavailable."""
        ...


@dataclass(slots=True)
class Standing:
    """The last record of each sighting that was not erased; it holds ids, not embeddings.

    Attributes:
        replaced: records that a later one of the same sighting replaced.
        erased: sightings whose last record is a tombstone.
    """

    replaced: int = 0
    erased: int = 0
    _last: dict[bytes | None, tuple[int, int]] = field(default_factory=dict)

    def stands(self, record: Record) -> bool:
        """Whether this is the last word on its sighting, and not that it was erased."""
        return record.value is not None and self._last.get(record.key) == (record.partition, record.offset)

    def note(self, record: Record) -> None:
        """The next record of its partition."""
        known = self._last.pop(record.key, None) is not None
        if record.value is None:
            self.erased += known
        else:
            self.replaced += known
            self._last[record.key] = (record.partition, record.offset)


def standing_records(replay: Replay, on_progress: Callable[[int], None] = lambda count: None) -> Standing:
    """Read the topic once, for which records stand. ``on_progress`` is told how many were read, batch by batch."""
    standing = Standing()
    for records in replay.records():
        for record in records:
            standing.note(record)
        on_progress(len(records))
    return standing
