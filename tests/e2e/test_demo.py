"""``sightline demo`` from nothing to the page and back to nothing: on videos with models of one's own, and without anything."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from support.command_line import CommandLine
from support.processes import until

pytestmark = [pytest.mark.stack, pytest.mark.shared, pytest.mark.timeout(900)]

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def commands() -> Iterator[CommandLine]:
    folder = Path(tempfile.mkdtemp(prefix="sl-demo-"))
    commands = CommandLine.make(folder)
    yield commands
    commands.run("down")
    shutil.rmtree(folder)


@pytest.fixture
def arguments(shared_dir: Path) -> list[str]:
    """Two videos and two models."""
    videos = [shared_dir / "data" / "video" / name for name in ("room_camera_a.mp4", "room_camera_b.mp4")]
    models = [shared_dir / "weights" / name for name in ("yolox_nano_416.onnx", "osnet_x0_25_msmt17.onnx")]
    named = [("--video", str(video)) for video in videos] + [("--model", str(model)) for model in models]
    return [word for pair in named for word in pair]


def test_it_shows_people_and_ends_by_itself(commands: CommandLine, arguments: list[str]) -> None:
    demo = commands.start("demo", *arguments, "--duration", "20")
    assert demo.stdout is not None
    said: list[str] = []
    for line in demo.stdout:
        said.append(line)
        if line.startswith("The page: "):
            break
    url = said[-1].split()[-1]
    assert "ok  embedding, original and wrapped" in "".join(said)
    assert "<html" in httpx.get(url, timeout=30).text
    until(lambda: _seen(url) > 0, timeout_s=20, what="frames on the page's API")
    rest, errors = demo.communicate(timeout=300)
    assert demo.returncode == 0, "".join(said) + rest + errors
    summary = re.search(r"In \d+ s: (\d+) frames seen \([\d.]+ frames/s\), (\d+) sightings of people", rest)
    assert summary is not None, rest
    assert int(summary[1]) > 20
    assert int(summary[2]) > 0
    assert commands.left_running() == []
    assert _processes_of(commands.folder) == []


def test_without_anything_it_scores_the_shipped_models_on_synthetic_cameras(commands: CommandLine) -> None:
    demo = commands.run("demo", "--duration", "60", "--figures", commands.folder / "figures.json", timeout_s=800)
    assert "The page: http://" in demo.stdout
    assert "publish webcam:0" in demo.stdout
    assert "By the truth of the synthetic cameras:" in demo.stdout
    figures = json.loads((commands.folder / "figures.json").read_text())
    print(figures)
    assert sorted(figures["cameras"]) == [f"synthetic-{number}" for number in (1, 2, 3, 4)]
    assert figures["seen"] > 20
    assert figures["people"] >= 5
    assert figures["sightings_on_people"] > 0.8 * figures["sightings_scored"]
    assert figures["cross_camera_queries"] >= 5
    assert figures["cross_camera_rank1"] > 0.4
    assert commands.left_running() == []


def test_what_is_missing_is_named(commands: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_TRITON__MODEL_REPOSITORIES", f'["{commands.folder / "none"}"]')
    said = commands.run("demo", code=2).stderr
    assert "no model of kind detector" in said
    assert "no model of kind embedder" in said
    assert "demo --model yolox_nano.onnx" in said


def test_interrupted_it_stops_what_it_started_and_nothing_else(commands: CommandLine, arguments: list[str]) -> None:
    commands.run("up", "--only", "kafka")
    demo = commands.start("demo", *arguments, "--duration", "20")
    until(lambda: set(commands.left_running()) > {"kafka"}, timeout_s=120, what="more than Kafka")
    demo.send_signal(signal.SIGINT)
    out, errors = demo.communicate(timeout=120)
    assert demo.returncode == 1, out + errors
    assert "Left running, as before: kafka" in out
    assert commands.left_running() == ["kafka"]


def test_make_demo_runs_the_command() -> None:
    wanted = ("VIDEO=a.mp4 b.mp4", "MODELS=d.onnx e.onnx", "DURATION_S=60")
    recipe = subprocess.run(["make", "-n", "demo", *wanted], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert "sightline demo --video a.mp4 --video b.mp4 --model d.onnx --model e.onnx --duration 60" in recipe


def _seen(url: str) -> int:
    return sum(camera["seen"] for camera in httpx.get(f"{url}/v1/cameras", timeout=30).raise_for_status().json()["cameras"])


def _processes_of(folder: Path) -> list[str]:
    """Command lines that name the folder, of processes that run."""
    lines = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]
