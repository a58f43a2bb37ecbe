"""Cursors of the list of sightings: opaque to the caller, checked when they come back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sightline.errors import InputError
from sightline.ports import MAX_PAGE, Gallery
from sightline.types import Sighting, SightingFilter

MAX_LIMIT = 200
_MAX_TIES = MAX_PAGE - MAX_LIMIT - 1
"""Sightings of one capture time that a page can step over: the gallery gives MAX_PAGE at a time."""
CURSOR_PATTERN = r"^[0-9]{1,16}\.[0-9]{1,3}\.[0-9a-f-]{36}$"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended.

    Attributes:
        time_us: capture time of its last sighting.
        ties: how many of that very time were already given.
        sighting_id: the last of them, in order of id.
    """

    time_us: int
    ties: int
    sighting_id: str

    def __str__(self) -> str:
        return f"{self.time_us}.{self.ties}.{self.sighting_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises InputError unless ``text`` is a cursor that a page gave."""
        if re.fullmatch(CURSOR_PATTERN, text) is None:
            raise InputError("cursor: give back next_cursor of the page before, unchanged")
        time_us, ties, sighting_id = text.split(".")
        return cls(int(time_us), min(int(ties), _MAX_TIES), sighting_id)


def page(gallery: Gallery, *, limit: int, cursor: Cursor | None, where: SightingFilter) -> tuple[list[Sighting], Cursor | None]:
    """The next ``limit`` sightings, newest first, ties in order of id, and the cursor of what follows (None = the end).

    Several people of one frame share a capture time, so a page may end in the middle of them: what was given of that
    time is asked for again and dropped by id.
    """
    # One more than wanted tells whether anything follows.
    ask = limit + 1 + (cursor.ties if cursor else 0)
    found = gallery.newest(limit=ask, before_us=cursor.time_us + 1 if cursor else None, where=where)
    rest = [item for item in found if cursor is None or _place(item) > (-cursor.time_us, cursor.sighting_id)]
    given = rest[:limit]
    if not given or len(found) < ask:
        return given, None
    last = given[-1]
    ties = sum(item.captured_at_us == last.captured_at_us and _place(item) <= _place(last) for item in found)
    return given, Cursor(last.captured_at_us, ties, last.sighting_id)


def _place(sighting: Sighting) -> tuple[int, str]:
    return -sighting.captured_at_us, sighting.sighting_id
