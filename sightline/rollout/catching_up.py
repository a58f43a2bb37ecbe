"""Bringing a space up to what was recorded: every standing sighting that it lacks is embedded again from its stored crop.

What is there already is left alone, so the collection itself is the memory of how far this came: killed at any moment and run
again, it goes on where it was. Memory holds ids and one batch, not embeddings. Stream and writer may go on meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sightline.errors import InputError
from sightline.filling import fill
from sightline.patience import patiently
from sightline.ports import Gallery
from sightline.standing import Replay, standing_records
from sightline.types import Sighting
from sightline.wire import Record, sighting_from_record

BATCH = 128

Reembed = Callable[[Sequence[Sighting]], list[Sighting | None]]
"""Sightings as the new model sees them, None for each whose crop is gone. Raises ServiceUnavailable."""


@dataclass(slots=True)
class CaughtUp:
    """What was done.

    Attributes:
        embedded: sightings embedded again.
        taken_over: sightings that were recorded in this space, and written as they were.
        present: sightings that were there already.
        without_crop: sightings whose crop is gone: the new model cannot see them.
        unfit: records that cannot be read, or that no gallery could hold.
    """

    embedded: int = 0
    taken_over: int = 0
    present: int = 0
    without_crop: int = 0
    unfit: int = 0

    def __add__(self, other: CaughtUp) -> CaughtUp:
        return CaughtUp(
            self.embedded + other.embedded,
            self.taken_over + other.taken_over,
            self.present + other.present,
            self.without_crop + other.without_crop,
            self.unfit + other.unfit,
        )


def catch_up(
    replay: Replay,
    gallery: Gallery,
    reembed: Reembed,
    *,
    space: str,
    on_progress: Callable[[int], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> CaughtUp:
    """Fill a space's gallery with all sightings of a replay that stand; the same ids.

    Args:
        replay: of the topic ``sightings``; it is read twice.
        gallery: of the space.
        reembed: embeds into it.
        space: its name.
        on_progress: told how many records were read, batch by batch, in both passes.
        sleep: between attempts while a server is away.

    Raises:
        ServiceUnavailable: a server stayed away; run it again.
        ModelError: the model refuses the crops.
    """
    standing = standing_records(replay, on_progress)
    work = _Work(gallery, reembed, space, sleep)
    for records in replay.records():
        for record in records:
            if standing.stands(record):
                work.take(record)
        on_progress(len(records))
    work.finish()
    return work.done


class _Work:
    """Collects sightings and brings in each batch that is full."""

    def __init__(self, gallery: Gallery, reembed: Reembed, space: str, sleep: Callable[[float], None]) -> None:
        self._gallery = gallery
        self._reembed = reembed
        self._space = space
        self._sleep = sleep
        self._waiting: list[Sighting] = []
        self.done = CaughtUp()

    def take(self, record: Record) -> None:
        try:
            self._waiting.append(sighting_from_record(record))
        except InputError:
            self.done.unfit += 1
        if len(self._waiting) >= BATCH:
            self.finish()

    def finish(self) -> None:
        batch, self._waiting = self._waiting, []
        if batch:
            self.done += patiently(lambda: self._bring_in(batch), sleep=self._sleep)

    def _bring_in(self, batch: Sequence[Sighting]) -> CaughtUp:
        """Repeating it is harmless: what was written the first time is there the second."""
        there = {sighting.sighting_id for sighting in self._gallery.get([one.sighting_id for one in batch])}
        missing = [one for one in batch if one.sighting_id not in there]
        recorded = [one for one in missing if one.space == self._space]
        seen_anew = self._reembed([one for one in missing if one.space != self._space])
        embedded = [one for one in seen_anew if one is not None]
        refused = fill(self._gallery, [*recorded, *embedded]) if recorded or embedded else []
        return CaughtUp(
            embedded=len(embedded),
            taken_over=len(recorded),
            present=len(there),
            without_crop=len(seen_anew) - len(embedded),
            unfit=len(refused),
        )
