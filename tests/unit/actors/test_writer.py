"""The writer: what it writes, in which order, and what it does when a part of the world is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from actors.writer import Writer
from sightline.errors import ConfigurationError, FencedError, RejectedFrame, ServiceUnavailable
from sightline.settings import WriterSettings
from sightline.telemetry import Registry, WriterMetrics
from sightline.testing import InMemoryGallery
from sightline.types import Sighting
from sightline.wire import Record, sighting_to_message

SPACE, OTHER = "reid_a_v1_4_0123456789ab", "reid_b_v1_4_0123456789ab"
CAPTURED_S = 1_700_000_000.0


def sighting(name: str, *, space: str = SPACE, dimension: int = 4) -> Sighting:
    return Sighting(
        sighting_id=name,
        camera="lobby",
        frame_id="f",
        captured_at_us=int(CAPTURED_S * 1e6),
        track="lobby/t",
        box_xywh=(1, 2, 3, 4),
        score=0.9,
        quality=0.8,
        embedding=np.eye(dimension, dtype=np.float32)[0],
        space=space,
    )


def record(offset: int, what: Sighting | bytes | None) -> Record:
    if isinstance(what, Sighting):
        message = sighting_to_message(what, "sightings", 0)
        return Record("sightings", 0, offset, 0, message.key, message.value, message.headers)
    return Record("sightings", 0, offset, 0, b"key", what)


@dataclass
class Topic:
    """A partition with one consumer; what was not committed is delivered again after a reopening."""

    records: list[Record]
    committed: int = 0
    at: int = 0
    opened: int = 0
    before_commit: Callable[[], None] = lambda: None

    def open(self) -> None:
        self.opened += 1
        self.at = self.committed

    def poll(self, timeout_s: float, *, max_records: int) -> list[Record]:
        found = self.records[self.at : self.at + max_records]
        self.at += len(found)
        if not found:
            time.sleep(min(timeout_s, 0.002))
        return found

    def commit(self) -> None:
        self.before_commit()
        self.committed = self.at

    def close(self) -> None:
        return


@dataclass
class Box:
    """Dead letters."""

    kept: list[tuple[int, RejectedFrame]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def put(self, record: Record, rejection: RejectedFrame) -> None:
        if self.failures:
            raise self.failures.pop()
        self.kept.append((record.offset, rejection))

    def close(self) -> None:
        return


class FlakyGallery(InMemoryGallery):
    """Raises what it is told to, before it keeps anything or after."""

    def __init__(self, *, before: Sequence[Exception] = (), after: Sequence[Exception] = ()) -> None:
        super().__init__(SPACE, dimension=4)
        self.before, self.after = list(before), list(after)
        self.batches: list[int] = []

    def add(self, sightings: Sequence[Sighting], *, maybe_present: bool = False) -> None:
        if self.before:
            raise self.before.pop()
        super().add(sightings, maybe_present=maybe_present)
        self.batches.append(len(sightings))
        if self.after:
            raise self.after.pop()


@dataclass
class World:
    """A writer with everything round it."""

    topic: Topic
    galleries: dict[str, InMemoryGallery]
    box: Box = field(default_factory=Box)
    registry: Registry = field(default_factory=Registry)
    settings: WriterSettings = field(default_factory=lambda: WriterSettings(max_wait_s=0.001))
    opening: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = Writer(
            self.settings,
            source=self.topic,
            dead_letters=self.box,
            open_gallery=self.open_gallery,
            clock=lambda: CAPTURED_S + 1.5,
            metrics=WriterMetrics(self.registry),
        )

    def open_gallery(self, space: str, dimension: int) -> InMemoryGallery:
        if self.opening:
            raise self.opening.pop()
        return self.galleries[space]

    def run_until(self, done: Callable[[], bool]) -> None:
        thread = threading.Thread(target=self.writer.run)
        thread.start()
        deadline = time.monotonic() + 20
        while not done() and time.monotonic() < deadline and thread.is_alive():
            time.sleep(0.002)
        self.writer.stop()
        thread.join(10)
        assert not thread.is_alive()
        assert done()

    def run(self) -> None:
        self.run_until(lambda: self.topic.committed == len(self.topic.records))


def world(*records: Sighting | bytes | None, gallery: InMemoryGallery | None = None, **changes: Any) -> World:
    topic = Topic([record(offset, what) for offset, what in enumerate(records)])
    spaces = {SPACE: gallery or FlakyGallery(), OTHER: InMemoryGallery(OTHER, dimension=4)}
    return World(topic, spaces, **changes)


def names(gallery: InMemoryGallery) -> list[str]:
    return sorted(row.sighting_id for row in gallery.newest(limit=1000))


def test_every_sighting_is_written_and_committed() -> None:
    here = world(*(sighting(f"s{i:03d}") for i in range(600)))
    here.run()
    assert names(here.galleries[SPACE]) == [f"s{i:03d}" for i in range(600)]
    assert here.writer.describe() == {"written": 600, "dead": 0, "restarts": 0, "trouble": ""}
    assert here.registry.get_sample_value("sightline_written_sightings_total") == 600
    labels = {"camera": "lobby"}
    assert here.registry.get_sample_value("sightline_capture_to_searchable_seconds_sum", labels) == pytest.approx(900)


def test_batches_are_bounded() -> None:
    gallery = FlakyGallery()
    here = world(*(sighting(f"s{i}") for i in range(25)), gallery=gallery, settings=WriterSettings(max_batch_size=10))
    here.run()
    assert sum(gallery.batches) == 25
    assert max(gallery.batches) <= 10


def test_written_before_committed() -> None:
    here = world(sighting("a"), sighting("b"), b"not an event")
    seen: list[tuple[list[str], int]] = []
    here.topic.before_commit = lambda: seen.append((names(here.galleries[SPACE]), len(here.box.kept)))
    here.run()
    assert seen[-1] == (["a", "b"], 1)


def test_spaces_never_meet() -> None:
    here = world(sighting("a"), sighting("b", space=OTHER), sighting("c"))
    here.run()
    assert names(here.galleries[SPACE]) == ["a", "c"]
    assert names(here.galleries[OTHER]) == ["b"]


def test_what_cannot_be_read_is_set_aside(caplog: pytest.LogCaptureFixture) -> None:
    nested = b"[" * 100_000
    here = world(sighting("a"), b"\xff not JSON", b"{}", b'{"sighting_id": 7}', nested, b"", sighting("z"))
    here.run()
    assert names(here.galleries[SPACE]) == ["a", "z"]
    assert [offset for offset, _ in here.box.kept] == [1, 2, 3, 4, 5]
    assert {rejection.reason for _, rejection in here.box.kept} == {"bad_event"}
    assert "sightings[0]@1" in caplog.text
    assert here.registry.get_sample_value("sightline_writer_dead_letters_total") == 5


def test_what_the_gallery_refuses_is_set_aside_alone() -> None:
    rows = [sighting(f"s{i}") for i in range(20)]
    rows[13] = sighting("wrong dimension", dimension=5)
    here = world(*rows)
    here.run()
    assert names(here.galleries[SPACE]) == sorted(row.sighting_id for row in rows if row.sighting_id != "wrong dimension")
    assert [offset for offset, _ in here.box.kept] == [13]


def test_a_tombstone_is_passed_over() -> None:
    here = world(sighting("a"), None, sighting("b"))
    here.run()
    assert names(here.galleries[SPACE]) == ["a", "b"]
    assert here.box.kept == []


def test_the_same_sighting_twice_is_there_once() -> None:
    again = replace(sighting("a"), quality=0.1)
    here = world(sighting("a"), sighting("b"), again, settings=WriterSettings(max_batch_size=1))
    here.run()
    assert names(here.galleries[SPACE]) == ["a", "b"]
    assert here.galleries[SPACE].get(["a"])[0].quality == pytest.approx(0.1)


AWAY = ServiceUnavailable("milvus", "away")


@pytest.mark.parametrize(
    "gallery",
    [FlakyGallery(before=[AWAY, AWAY]), FlakyGallery(after=[AWAY, AWAY])],
    ids=["nothing was kept", "kept, and the answer lost"],
)
def test_a_gallery_that_is_away_is_waited_for(gallery: FlakyGallery) -> None:
    here = world(*(sighting(f"s{i}") for i in range(5)), gallery=gallery)
    here.run()
    assert names(gallery) == [f"s{i}" for i in range(5)]
    assert here.writer.describe()["restarts"] == 2
    assert here.writer.describe()["trouble"] == ""
    assert here.registry.get_sample_value("sightline_writer_retries_total", {"service": "milvus"}) == 2


def test_a_gallery_that_cannot_be_opened_is_waited_for() -> None:
    here = world(sighting("a"), opening=[ConfigurationError("no Milvus"), AWAY])
    here.run()
    assert names(here.galleries[SPACE]) == ["a"]


def test_fenced_commits_are_delivered_again() -> None:
    here = world(sighting("a"), sighting("b"))
    failures = [FencedError("kafka", "rebalanced"), ServiceUnavailable("kafka", "away")]

    def fail() -> None:
        if failures:
            raise failures.pop()

    here.topic.before_commit = fail
    here.run()
    assert names(here.galleries[SPACE]) == ["a", "b"]
    assert here.topic.opened == 3


def test_a_dead_letter_that_is_not_kept_is_not_committed() -> None:
    here = world(b"bad", sighting("a"), box=Box(failures=[ServiceUnavailable("kafka", "away")]))
    here.run()
    assert [offset for offset, _ in here.box.kept] == [0]
    assert names(here.galleries[SPACE]) == ["a"]


def test_trouble_is_told_while_it_lasts() -> None:
    here = world(sighting("a"), gallery=FlakyGallery(before=[AWAY] * 3))
    here.run_until(lambda: here.writer.describe()["trouble"] == "milvus: away")


def test_trouble_is_over_when_nothing_waits() -> None:
    settings = WriterSettings(max_wait_s=0.001).model_copy(update={"session_timeout_s": 0.05})
    here = world(sighting("a"), settings=settings)
    failures: list[Exception] = [FencedError("kafka", "rebalanced")]

    def commit_and_fail() -> None:  # the group had it all the same
        here.topic.committed = 1
        if failures:
            raise failures.pop()

    here.topic.before_commit = commit_and_fail
    told: list[str] = []

    def is_over() -> bool:
        told.append(here.writer.describe()["trouble"])
        return any(told) and not told[-1]

    here.run_until(is_over)
    assert here.topic.opened == 2


def test_stop_ends_it_in_the_middle_of_a_pause() -> None:
    here = world(sighting("a"), gallery=FlakyGallery(before=[AWAY] * 1000))
    here.run_until(lambda: here.writer.describe()["restarts"] >= 3)
    assert here.topic.committed == 0
