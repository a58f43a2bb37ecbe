"""Rebuilding: the last record of each sighting, into the gallery of its space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.errors import InputError, ServiceUnavailable
from sightline.filling import fill
from sightline.rebuilding import BATCH, rebuild
from sightline.testing import InMemoryGallery
from sightline.types import Sighting
from sightline.wire import Record, sighting_to_message

SPACE, OTHER = "reid_a_v1_4_0123456789ab", "reid_b_v1_4_0123456789ab"


def sighting(name: str, *, space: str = SPACE, quality: float = 0.5) -> Sighting:
    return Sighting(
        sighting_id=name,
        camera="lobby",
        frame_id="f",
        captured_at_us=1_700_000_000_000_000,
        track="lobby/t",
        box_xywh=(1, 2, 3, 4),
        score=0.9,
        quality=quality,
        embedding=np.eye(4, dtype=np.float32)[0],
        space=space,
    )


class Log:
    """A recorded topic: partition -> what it holds."""

    def __init__(self, *partitions: Sequence[Sighting | tuple[str, bytes | None]]) -> None:
        self._partitions = partitions

    def records(self) -> Iterator[list[Record]]:
        for number, held in enumerate(self._partitions):
            for offset, what in enumerate(held):
                if isinstance(what, Sighting):
                    message = sighting_to_message(what, "sightings", number)
                    yield [Record("sightings", number, offset, 0, message.key, message.value)]
                else:
                    yield [Record("sightings", number, offset, 0, what[0].encode(), what[1])]


class Galleries(dict[str, InMemoryGallery]):
    def open(self, space: str, dimension: int) -> InMemoryGallery:
        if "-" in space:
            raise InputError("no such name")
        return self.setdefault(space, InMemoryGallery(space, dimension=dimension))

    def names(self, space: str = SPACE) -> list[str]:
        return sorted(row.sighting_id for row in self[space].newest(limit=1000)) if space in self else []


def test_every_space_is_restored() -> None:
    galleries = Galleries()
    done = rebuild(Log([sighting("a"), sighting("b", space=OTHER)], [sighting("c")]), galleries.open)
    assert (galleries.names(), galleries.names(OTHER)) == (["a", "c"], ["b"])
    assert (done.written, done.other_spaces) == (3, 0)


def test_one_space_alone() -> None:
    galleries = Galleries()
    done = rebuild(Log([sighting("a"), sighting("b", space=OTHER)]), galleries.open, space=SPACE)
    assert list(galleries) == [SPACE]
    assert (done.written, done.other_spaces) == (1, 1)


def test_the_last_record_wins_and_the_erased_stay_away() -> None:
    galleries = Galleries()
    held = [sighting("a", quality=0.1), sighting("b"), sighting("c"), ("b", None), sighting("a", quality=0.9), ("never", None)]
    done = rebuild(Log(held), galleries.open)
    assert galleries.names() == ["a", "c"]
    assert galleries[SPACE].get(["a"])[0].quality == pytest.approx(0.9)
    assert (done.written, done.erased, done.replaced) == (2, 1, 1)


def test_what_came_back_after_it_was_erased_is_there() -> None:
    galleries = Galleries()
    rebuild(Log([sighting("a"), ("a", None), sighting("a")]), galleries.open)
    assert galleries.names() == ["a"]


def test_it_can_be_repeated() -> None:
    galleries, log = Galleries(), Log([sighting("a"), sighting("b")])
    rebuild(log, galleries.open)
    assert rebuild(log, galleries.open).written == 2
    assert galleries.names() == ["a", "b"]


def test_what_is_unfit_is_counted_and_left_out() -> None:
    galleries = Galleries()
    wrong = replace(sighting("wrong"), embedding=np.eye(5, dtype=np.float32)[0])
    held = [sighting("a"), ("x", b"not an event"), wrong, sighting("odd", space="a-b"), sighting("z")]
    done = rebuild(Log(held), galleries.open)
    assert galleries.names() == ["a", "z"]
    assert (done.written, done.unfit) == (2, 3)


def test_batches_are_bounded_and_none_is_forgotten() -> None:
    sizes: list[int] = []

    class Counting(InMemoryGallery):
        def add(self, sightings: Sequence[Sighting], *, maybe_present: bool = False) -> None:
            sizes.append(len(sightings))
            super().add(sightings, maybe_present=maybe_present)

    gallery = Counting(SPACE, dimension=4)
    total = 2 * BATCH + 7
    progress: list[int] = []
    log = Log([sighting(f"s{i}") for i in range(total)])
    assert rebuild(log, lambda *_: gallery, on_progress=progress.append).written == total
    assert sizes == [BATCH, BATCH, 7]
    assert sum(progress) == 2 * total


def test_a_gallery_that_is_away_for_a_moment_is_waited_for() -> None:
    pauses: list[float] = []

    class Away(InMemoryGallery):
        def add(self, sightings: Sequence[Sighting], *, maybe_present: bool = False) -> None:
            if len(pauses) < 3:
                raise ServiceUnavailable("milvus", "away")
            super().add(sightings, maybe_present=maybe_present)

    gallery = Away(SPACE, dimension=4)
    assert rebuild(Log([sighting("a")]), lambda *_: gallery, sleep=pauses.append).written == 1
    assert len(pauses) == 3


def test_a_gallery_that_stays_away_ends_it() -> None:
    def away(space: str, dimension: int) -> InMemoryGallery:
        raise ServiceUnavailable("milvus", "away")

    pauses: list[float] = []
    with pytest.raises(ServiceUnavailable, match="away"):
        rebuild(Log([sighting("a")]), away, sleep=pauses.append)
    assert sum(pauses) == pytest.approx(60)


@given(bad=st.sets(st.integers(0, 39)), count=st.integers(0, 40))
def test_filling_names_exactly_the_unfit(bad: set[int], count: int) -> None:
    rows = [sighting(f"s{i}") for i in range(count)]
    rows = [replace(row, space=OTHER) if i in bad else row for i, row in enumerate(rows)]
    gallery = InMemoryGallery(SPACE, dimension=4)
    assert [index for index, _ in fill(gallery, rows)] == sorted(i for i in bad if i < count)
    assert len(gallery.newest(limit=100)) == len([row for row in rows if row.space == SPACE])
