"""`sightline publish` as people use it: a process, a real Kafka, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from support.processes import write_settings
from support.topics import read_topic

from sightline.settings import Settings
from sightline.types import EncodedFrame, to_us
from sightline.wire import frame_from_record

CORPUS = Path(__file__).parents[1] / "corpus" / "images" / "accepted"
PROGRAM = [sys.executable, "-c", "from sightline.cli import main; main()", "publish"]


def environment(settings: Settings, folder: Path) -> dict[str, str]:
    return {**os.environ, "SIGHTLINE_CONFIG": str(write_settings(settings, folder)), "COLUMNS": "200"}


def run(settings: Settings, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, *arguments]
    return subprocess.run(command, env=environment(settings, folder), capture_output=True, text=True, check=False, timeout=120)


def published(settings: Settings) -> list[EncodedFrame]:
    return [frame_from_record(record, "cluster") for record in read_topic(settings, settings.kafka.topic("camera_frames"))]


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """Two folders of four images each."""
    for name in ("hall", "stairs"):
        (tmp_path / name).mkdir()
        for index in range(4):
            (tmp_path / name / f"{index}.jpg").write_bytes((CORPUS / "baseline.jpg").read_bytes())
    return [str(tmp_path / "hall"), str(tmp_path / "stairs")]


@pytest.mark.stack
def test_two_cameras_at_once_with_a_summary_in_json(kafka_settings: Settings, tmp_path: Path, folders: list[str]) -> None:
    start = ("--start-time", "2026-03-01T08:00:00+01:00")
    done = run(kafka_settings, tmp_path, *folders, "--camera", "a", "--camera", "b", "--fps", "2", *start, "--fast", "--json")
    assert done.returncode == 0, done.stderr
    size = 4 * (CORPUS / "baseline.jpg").stat().st_size
    counts = {"frames": 4, "bytes": size, "lost": 0, "too_large": 0, "failed": 0}
    assert json.loads(done.stdout)["cameras"] == {"a": counts, "b": counts}
    frames = published(kafka_settings)
    assert Counter(frame.camera for frame in frames) == {"a": 4, "b": 4}
    times = [frame.captured_at_us for frame in frames if frame.camera == "a"]
    assert times[0] == to_us(datetime(2026, 3, 1, 7, tzinfo=UTC))
    assert [later - earlier for earlier, later in pairwise(times)] == [500_000] * 3


@pytest.mark.stack
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_with_a_summary_and_nothing_lost(
    kafka_settings: Settings, tmp_path: Path, folders: list[str], number: signal.Signals
) -> None:
    command = [*PROGRAM, folders[0], "--loop", "--fps", "50"]
    process = subprocess.Popen(
        command, env=environment(kafka_settings, tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while len(published(kafka_settings)) < 30 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(number)
    summary, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    frames = published(kafka_settings)
    (row,) = [line for line in summary.splitlines() if "hall" in line]
    assert row.replace("│", " ").split()[:2] == ["hall", str(len(frames))]
    assert len({frame.frame_id for frame in frames}) == len(frames) >= 30


@pytest.mark.stack
def test_a_broken_source_ends_alone_and_is_named(kafka_settings: Settings, tmp_path: Path, folders: list[str]) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film")
    done = run(kafka_settings, tmp_path, folders[0], str(broken), "--fast")
    assert done.returncode == 1
    assert "broken.mp4 cannot be read as a video" in done.stderr
    assert Counter(frame.camera for frame in published(kafka_settings)) == {"hall": 4}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.mp4"], 1, "nowhere.mp4 does not exist: give a video file"),
        (["one/a.mp4", "two/a.mp4"], 2, "two sources have the camera id 'a'"),
        (["a.mp4", "b.mp4", "--camera", "hall"], 2, "expected a --camera for each source or none"),
        (["a.mp4", "--camera", "no/slash"], 2, "is no camera id"),
        (["a.mp4", "--start-time", "yesterday"], 2, "expected RFC 3339 with a zone"),
        (["a.mp4", "--start-time", "2026-03-01T08:00:00"], 2, "expected RFC 3339 with a zone"),
        (["a.mp4", "--fps", "0"], 2, "--fps"),
        ([], 2, "Missing argument"),
    ],
)
def test_wrong_usage_is_explained(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done = run(Settings(local={"state_dir": tmp_path}), tmp_path, *arguments)
    assert done.returncode == code
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_without_kafka_the_next_step_is_named(tmp_path: Path, folders: list[str]) -> None:
    done = run(Settings(local={"state_dir": tmp_path}), tmp_path, folders[0])
    assert done.returncode == 1
    assert "sightline up" in done.stderr


def test_the_help_teaches_with_examples(tmp_path: Path) -> None:
    done = run(Settings(local={"state_dir": tmp_path}), tmp_path, "--help")
    assert done.returncode == 0
    assert "sightline publish rtsp://" in done.stdout
