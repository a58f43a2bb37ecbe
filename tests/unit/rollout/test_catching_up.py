"""Bringing a space up to what was recorded, with fakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from sightline.errors import ServiceUnavailable
from sightline.rollout.catching_up import BATCH, CaughtUp, catch_up
from sightline.testing import InMemoryGallery
from sightline.types import Sighting
from sightline.wire import Record, sighting_to_message

OLD, NEW = "reid_a_v1_4_0123456789ab", "reid_b_v1_2_0123456789ab"


def sighting(name: str, *, space: str = OLD) -> Sighting:
    dimension = 4 if space == OLD else 2
    return Sighting(
        sighting_id=name,
        camera="lobby",
        frame_id="f",
        captured_at_us=1_700_000_000_000_000,
        track="lobby/t",
        box_xywh=(1, 2, 3, 4),
        score=0.9,
        quality=0.5,
        embedding=np.eye(dimension, dtype=np.float32)[0],
        space=space,
    )


class Log:
    """A recorded topic of one partition."""

    def __init__(self, held: Sequence[Sighting | tuple[str, bytes | None]]) -> None:
        self._held = held

    def records(self) -> Iterator[list[Record]]:
        for offset, what in enumerate(self._held):
            if isinstance(what, Sighting):
                message = sighting_to_message(what, "sightings", 0)
                yield [Record("sightings", 0, offset, 0, message.key, message.value)]
            else:
                yield [Record("sightings", 0, offset, 0, what[0].encode(), what[1])]


class Model:
    """Embeds everybody but those whose crop is gone; may fail at some calls."""

    def __init__(self, *, gone: Sequence[str] = (), failing_calls: Sequence[int] = ()) -> None:
        self.gone = gone
        self.failing_calls = failing_calls
        self.calls: list[list[str]] = []

    def __call__(self, sightings: Sequence[Sighting]) -> list[Sighting | None]:
        self.calls.append([one.sighting_id for one in sightings])
        if len(self.calls) in self.failing_calls:
            raise ServiceUnavailable("triton", "away")
        vector = np.eye(2, dtype=np.float32)[1]
        return [None if one.sighting_id in self.gone else replace(one, embedding=vector, space=NEW) for one in sightings]

    @property
    def asked(self) -> list[str]:
        return [name for call in self.calls for name in call]


@pytest.fixture
def gallery() -> InMemoryGallery:
    return InMemoryGallery(NEW, dimension=2)


def names(gallery: InMemoryGallery) -> list[str]:
    return sorted(row.sighting_id for row in gallery.newest(limit=1000))


def test_what_is_lacking_is_embedded_again_with_its_own_id(gallery: InMemoryGallery) -> None:
    gallery.add([sighting("b", space=NEW)])
    model = Model(gone=["c"])
    held = [
        sighting("a"),
        sighting("b"),
        sighting("c"),
        ("x", b"no event"),
        sighting("d", space=NEW),
        sighting("e"),
        ("e", None),
    ]
    done = catch_up(Log(held), gallery, model, space=NEW)
    assert names(gallery) == ["a", "b", "d"]
    assert model.asked == ["a", "c"], "what is there, was recorded in this space or was erased needs no model"
    assert done == CaughtUp(embedded=1, taken_over=1, present=1, without_crop=1, unfit=1)
    [row] = gallery.get(["a"])
    assert (row.space, row.embedding.tolist(), row.camera) == (NEW, [0.0, 1.0], "lobby")


def test_killed_in_the_middle_it_goes_on_where_it_was(gallery: InMemoryGallery) -> None:
    log = Log([sighting(f"{number:04d}") for number in range(3 * BATCH)])

    class Kill(BaseException):
        pass

    def die(_: float) -> None:
        raise Kill

    with pytest.raises(Kill):
        catch_up(log, gallery, Model(failing_calls=[2]), space=NEW, sleep=die)
    assert len(names(gallery)) == BATCH
    model = Model()
    done = catch_up(log, gallery, model, space=NEW)
    assert len(names(gallery)) == 3 * BATCH
    assert (done.present, done.embedded) == (BATCH, 2 * BATCH)
    assert len(model.asked) == 2 * BATCH


def test_a_server_that_is_away_for_a_while_is_waited_for(gallery: InMemoryGallery) -> None:
    pauses: list[float] = []
    done = catch_up(Log([sighting("a")]), gallery, Model(failing_calls=[1, 2]), space=NEW, sleep=pauses.append)
    assert (done.embedded, len(pauses)) == (1, 2)
    with pytest.raises(ServiceUnavailable):
        catch_up(Log([sighting("b")]), gallery, Model(failing_calls=range(1, 1000)), space=NEW, sleep=pauses.append)


def test_progress_tells_of_both_passes(gallery: InMemoryGallery) -> None:
    told: list[int] = []
    catch_up(Log([sighting("a"), ("b", None)]), gallery, Model(), space=NEW, on_progress=told.append)
    assert sum(told) == 4
    assert catch_up(Log([]), gallery, Model(), space=NEW) == CaughtUp()
