"""The writer with a real Kafka and a real Milvus: what is recorded is searchable, once, whatever happens."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.invariants import read_all
from support.processes import Child, until
from support.recorded import DIMENSION, SPACE, make_sightings, record
from support.writer_process import make_writer

from sightline.adapters.kafka.lag import group_lag
from sightline.adapters.milvus import MilvusGallery, count, drop, sighting_ids
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings
from sightline.telemetry import Registry

pytestmark = pytest.mark.stack


@pytest.fixture(params=["milvus-lite", "milvus-standalone"])
def here(request: pytest.FixtureRequest, stack: Callable[..., Settings]) -> Iterator[Settings]:
    settings = stack("kafka", request.param, writer={"max_batch_size": 50, "session_timeout_s": 6})
    yield settings
    drop(settings.milvus, SPACE)


@pytest.fixture
def start(here: Settings, tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    children: list[Child] = []

    def begin(name: str) -> Child:
        child = Child("support.writer_process", "--name", name, settings=here, log=tmp_path / f"{name}.log")
        children.append(child)
        return child

    yield begin
    for child in children:
        child.end()


def all_there(settings: Settings, expected: list[str], *, timeout_s: float = 90.0) -> None:
    """Every id is in Milvus, and no row is there twice."""
    until(lambda: rows_there(settings) >= len(expected), timeout_s=timeout_s, what="all sightings in Milvus")
    until(lambda: _lag(settings) <= settings.kafka.partitions, timeout_s=30, what="the offsets to be committed")
    assert sorted(sighting_ids(settings.milvus, SPACE)) == sorted(expected)
    assert count(settings.milvus, SPACE) == len(expected)


def rows_there(settings: Settings) -> int:
    """As far as the server can tell now: its collection may be in the making."""
    try:
        return count(settings.milvus, SPACE)
    except ServiceUnavailable:
        return 0


def _lag(settings: Settings) -> int:
    group = settings.kafka.topic_prefix + settings.writer.group_id
    return sum(group_lag(settings, group_id=group, topic=settings.kafka.topic("sightings")).values())


def test_what_is_recorded_is_searchable(here: Settings) -> None:
    rows = make_sightings(120)
    aborted = make_sightings(10, seed=1)
    record(here, rows[:100])
    record(here, aborted, commit=False)
    record(here, [("bad", b"not an event"), (rows[0].sighting_id, None), *rows[100:]])
    writer = make_writer(here, "writer-1", Registry())
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        all_there(here, [row.sighting_id for row in rows])
    finally:
        writer.stop()
        thread.join(20)
    assert not thread.is_alive()
    gallery = MilvusGallery.open(here.milvus, space=SPACE, dimension=DIMENSION)
    for row in rows[::17]:
        ((best,),) = gallery.search(row.embedding[None], k=1)
        assert best.sighting.sighting_id == row.sighting_id
        assert best.score == pytest.approx(1.0, abs=1e-5)
    gallery.close()
    (letter,) = read_all(here, here.kafka.topic("dead_letters"))
    headers = dict(letter.headers)
    assert (letter.key, letter.value) == (b"bad", b"not an event")
    assert headers["dead_letter_reason"] == b"bad_event"
    assert headers["dead_letter_topic"].decode() == here.kafka.topic("sightings")
    said = writer.describe()
    assert (said["dead"], said["trouble"]) == (1, "")
    assert said["written"] >= 120  # more where a busy machine cost it its membership, and it began again


def test_a_killed_writer_loses_and_doubles_nothing(here: Settings, start: Callable[[str], Child]) -> None:
    rows = make_sightings(3000)
    record(here, rows)
    for attempt in range(4):
        child = start(f"writer-{attempt}")
        reached = 600 * (attempt + 1)
        until(lambda at_least=reached: rows_there(here) >= at_least, timeout_s=240, what="progress")  # type: ignore[misc]
        child.kill()
    start("writer-last")
    all_there(here, [row.sighting_id for row in rows])


def test_writers_share_the_work_and_take_over(here: Settings, start: Callable[[str], Child]) -> None:
    rows = make_sightings(4000)
    first = start("writer-1")
    record(here, rows[:2000])
    second = start("writer-2")
    record(here, rows[2000:3000])
    until(lambda: rows_there(here) >= 1500, timeout_s=240, what="progress")
    first.signal(signal.SIGSTOP)  # stalls with a batch in its hands, and wakes when its partitions are gone
    record(here, rows[3000:])
    all_there_soon = [row.sighting_id for row in rows]
    until(lambda: set(sighting_ids(here.milvus, SPACE)) == set(all_there_soon), timeout_s=240, what="all in Milvus")
    first.signal(signal.SIGCONT)
    time.sleep(3)
    all_there(here, all_there_soon)
    assert second.stop() == 0
    assert first.stop() == 0


def test_a_frame_published_again_is_there_once(here: Settings) -> None:
    rows = make_sightings(60)
    record(here, rows)
    record(here, rows)
    writer = make_writer(here, "writer-1", Registry())
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        until(lambda: writer.describe()["written"] == 120, timeout_s=180, what="both to be written")
        all_there(here, [row.sighting_id for row in rows])
    finally:
        writer.stop()
        thread.join(20)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "milvus"), [("kafka", "milvus-standalone"), ("milvus", "milvus-lite"), ("milvus", "milvus-standalone")]
)
def test_a_killed_server_is_waited_for(private_stack: Callable[..., Any], milvus: str, victim: str) -> None:
    private = private_stack("kafka", milvus, writer={"max_batch_size": 20})
    here = private.settings
    rows = make_sightings(600)
    record(here, rows[:300])
    writer = make_writer(here, "writer-1", Registry())
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        until(lambda: writer.describe()["written"] >= 100, timeout_s=180, what="progress")
        if victim == "kafka":  # who waits for records does not notice: it must only find its way back
            private.kill("kafka")
            private.revive()
            record(here, rows[300:])
        else:
            private.kill(milvus)
            record(here, rows[300:])
            until(lambda: writer.describe()["trouble"] != "", timeout_s=240, what="trouble")
            private.revive()
        all_there(here, [row.sighting_id for row in rows], timeout_s=180)
    finally:
        writer.stop()
        thread.join(30)
    gallery = MilvusGallery.open(here.milvus, space=SPACE, dimension=DIMENSION)
    ((best,),) = gallery.search(rows[0].embedding[None], k=1)
    assert best.sighting.sighting_id == rows[0].sighting_id
    assert np.isclose(best.score, 1.0, atol=1e-5)
    gallery.close()
