"""``sightline rebuild`` on a real Kafka and a real Milvus, while the writer goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.processes import until, write_settings
from support.recorded import SPACE, make_sightings, record
from support.writer_process import make_writer
from typer.testing import CliRunner

from sightline.adapters.milvus import count, drop, sighting_ids
from sightline.cli.app import app
from sightline.errors import ConfigurationError
from sightline.settings import Settings
from sightline.telemetry import Registry

pytestmark = pytest.mark.stack


@pytest.fixture(params=["milvus-lite", "milvus-standalone"])
def here(request: pytest.FixtureRequest, stack: Callable[..., Settings]) -> Iterator[Settings]:
    settings = stack("kafka", request.param)
    yield settings
    drop(settings.milvus, SPACE)


def rebuild(settings: Settings, folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["rebuild", "--config", str(write_settings(settings, folder)), *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_dropped_collection_is_restored(here: Settings, tmp_path: Path) -> None:
    rows = make_sightings(2500)
    record(here, rows[:2000])
    record(here, make_sightings(50, seed=1), commit=False)
    record(here, [*rows[2000:], ("bad", b"not an event"), (rows[0].sighting_id, None), rows[1]])
    said = rebuild(here, tmp_path)
    assert "2499 sightings written, in 1 embedding space" in said
    assert "1 older records left out" in said
    assert "1 erased sightings left out" in said
    expected = sorted(row.sighting_id for row in rows[1:])
    assert sorted(sighting_ids(here.milvus, SPACE)) == expected
    drop(here.milvus, SPACE)
    rebuild(here, tmp_path, "--space", SPACE)
    rebuild(here, tmp_path)
    assert sorted(sighting_ids(here.milvus, SPACE)) == expected
    assert count(here.milvus, SPACE) == len(expected)


def test_it_works_while_the_writer_writes(here: Settings, tmp_path: Path) -> None:
    rows = make_sightings(3000)
    writer = make_writer(here, "writer-1", Registry())
    thread = threading.Thread(target=writer.run)
    thread.start()

    def keep_recording() -> None:
        for start in range(1500, 3000, 100):
            record(here, rows[start : start + 100])

    recording = threading.Thread(target=keep_recording)
    try:
        record(here, rows[:1500])
        until(lambda: writer.describe()["written"] >= 1500, timeout_s=90, what="the first half in Milvus")
        recording.start()
        drop(here.milvus, SPACE)
        rebuild(here, tmp_path)
        recording.join(60)
        expected = {row.sighting_id for row in rows}
        until(lambda: set(sighting_ids(here.milvus, SPACE)) == expected, timeout_s=90, what="the same ids as recorded")
        assert count(here.milvus, SPACE) == len(rows)
    finally:
        writer.stop()
        thread.join(20)


def test_nothing_recorded_is_nothing_to_do(here: Settings, tmp_path: Path) -> None:
    assert "0 sightings written" in rebuild(here, tmp_path)


def test_a_missing_topic_is_named(here: Settings, tmp_path: Path) -> None:
    elsewhere = here.model_copy(update={"kafka": here.kafka.model_copy(update={"topic_prefix": "nobody-"})})
    with pytest.raises(ConfigurationError, match=r"nobody-sightings.*sightline up"):
        rebuild(elsewhere, tmp_path)
