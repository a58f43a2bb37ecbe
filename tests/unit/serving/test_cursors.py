"""Pages of sightings, of which several share a capture time."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.cursors import Cursor, page
from sightline.errors import InputError
from sightline.testing import InMemoryGallery
from sightline.types import Sighting, SightingFilter


def sighting(number: int, time_us: int) -> Sighting:
    unique = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
    vector = np.array([1, 0], np.float32)
    return Sighting(unique, "cam", f"f{number}", time_us, "cam/t", (0.0, 0.0, 1.0, 1.0), 0.9, 0.5, vector, "space")


def gallery_of(sightings: list[Sighting]) -> InMemoryGallery:
    gallery = InMemoryGallery("space", dimension=2)
    gallery.add(sightings)
    return gallery


def all_pages(gallery: InMemoryGallery, limit: int) -> list[str]:
    ids: list[str] = []
    cursor: Cursor | None = None
    while True:
        found, cursor = page(gallery, limit=limit, cursor=cursor, where=SightingFilter())
        assert len(found) <= limit
        ids += [item.sighting_id for item in found]
        if cursor is None:
            return ids
        cursor = Cursor.parse(str(cursor))


@given(times=st.lists(st.integers(0, 4), max_size=60), limit=st.integers(1, 12))
def test_pages_give_each_sighting_once_in_order(times: list[int], limit: int) -> None:
    sightings = [sighting(number, time_us) for number, time_us in enumerate(times)]
    expected = sorted(sightings, key=lambda item: (-item.captured_at_us, item.sighting_id))

    assert all_pages(gallery_of(sightings), limit) == [item.sighting_id for item in expected]


def test_what_comes_in_between_pages_shifts_nothing() -> None:
    gallery = gallery_of([sighting(number, 5) for number in range(6)])
    first, cursor = page(gallery, limit=3, cursor=None, where=SightingFilter())
    gallery.add([sighting(100, 9), sighting(101, 9)])

    second, last = page(gallery, limit=3, cursor=cursor, where=SightingFilter())

    assert last is None
    assert len({item.sighting_id for item in (*first, *second)}) == 6


@pytest.mark.parametrize("text", ["", "x", "1.2", "1.9999." + "a" * 36, "-1.0." + "a" * 36, "1.0." + "g" * 36])
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="next_cursor"):
        Cursor.parse(text)
