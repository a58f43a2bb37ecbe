"""A gallery made anew from the topic ``sightings``, which is the record of truth; no model is needed.

The topic is read twice, up to where it ended at the start: once for which record of each sighting is its last, once to
write those. So what was erased never comes back, not even for a moment, and memory holds ids, not embeddings. The stream and
the writer may go on meanwhile.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from sightline.errors import InputError
from sightline.filling import fill
from sightline.patience import patiently
from sightline.ports import Gallery
from sightline.standing import Replay, standing_records
from sightline.types import Sighting
from sightline.wire import Record, sighting_from_record

BATCH = 1000


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did.

    Attributes:
        written: sightings written, of all spaces.
        erased: sightings whose last record is a tombstone.
        replaced: records that a later one of the same sighting replaced.
        other_spaces: sightings of spaces that were not asked for.
        unfit: records that cannot be read or that no gallery could hold.
    """

    written: int = 0
    erased: int = 0
    replaced: int = 0
    other_spaces: int = 0
    unfit: int = 0


def rebuild(
    replay: Replay,
    open_gallery: Callable[[str, int], Gallery],
    *,
    space: str | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Rebuilt:
    """Write every sighting's last record into the gallery of its embedding space. Repeating it is harmless.

    Args:
        replay: of the topic ``sightings``.
        open_gallery: the gallery of (embedding space, dimension).
        space: only this embedding space; unset = all.
        on_progress: told how many records were read, batch by batch, in both passes.
        sleep: between attempts while a gallery is away.

    Raises:
        ServiceUnavailable: Kafka or a gallery stayed away; run it again.
    """
    standing = standing_records(replay, on_progress)
    done = Rebuilt(erased=standing.erased, replaced=standing.replaced)
    writing = _Writing(open_gallery, sleep, done)
    for records in replay.records():
        for record in records:
            if standing.stands(record):
                writing.take(record, space)
        on_progress(len(records))
    writing.finish()
    return done


class _Writing:
    """Collects sightings by space and writes each batch that is full."""

    def __init__(self, open_gallery: Callable[[str, int], Gallery], sleep: Callable[[float], None], done: Rebuilt) -> None:
        self._open_gallery = open_gallery
        self._sleep = sleep
        self._done = done
        self._galleries: dict[str, Gallery] = {}
        self._waiting: dict[str, list[Sighting]] = defaultdict(list)

    def take(self, record: Record, wanted: str | None) -> None:
        try:
            sighting = sighting_from_record(record)
        except InputError:
            self._done.unfit += 1
            return
        if wanted is not None and sighting.space != wanted:
            self._done.other_spaces += 1
            return
        self._waiting[sighting.space].append(sighting)
        if len(self._waiting[sighting.space]) >= BATCH:
            self._write(sighting.space)

    def finish(self) -> None:
        for space in list(self._waiting):
            self._write(space)

    def _write(self, space: str) -> None:
        sightings = self._waiting.pop(space)
        try:
            refused = patiently(lambda: fill(self._gallery(space, len(sightings[0].embedding)), sightings), sleep=self._sleep)
        except InputError:  # no gallery can be of such a space
            self._done.unfit += len(sightings)
            return
        self._done.unfit += len(refused)
        self._done.written += len(sightings) - len(refused)

    def _gallery(self, space: str, dimension: int) -> Gallery:
        if space not in self._galleries:
            self._galleries[space] = self._open_gallery(space, dimension)
        return self._galleries[space]
