"""What the registries say before anything happened, and of what."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from sightline.errors import RejectReason
from sightline.telemetry import MetricsEndpoint, Registry, StreamMetrics, WriterMetrics, forget_target, render


def test_dead_letters_are_counted_from_nought_on() -> None:
    registry = Registry()
    StreamMetrics(registry)
    counts = {reason: registry.get_sample_value("sightline_dead_letters_total", {"reason": reason}) for reason in RejectReason}
    assert set(counts.values()) == {0}


def test_the_objective_is_one_of_the_buckets() -> None:
    registry = Registry()
    WriterMetrics(registry).capture_to_searchable.labels("door").observe(1.9)
    text, _ = render(registry)
    assert 'sightline_capture_to_searchable_seconds_bucket{camera="door",le="2.0"} 1.0' in text.decode()


def test_an_endpoint_is_found_by_its_file_for_as_long_as_it_is_open(tmp_path: Path) -> None:
    registry = Registry()
    StreamMetrics(registry).frames.labels("door", "seen").inc()
    endpoint = MetricsEndpoint.open(registry, host="127.0.0.1", job="sightline-stream", instance="one", targets=tmp_path)
    [found] = json.loads((tmp_path / "sightline-stream-one.json").read_text())
    assert found["labels"] == {"job": "sightline-stream", "instance": "one"}
    [target] = found["targets"]
    assert 'sightline_frames_total{camera="door",outcome="seen"} 1.0' in httpx.get(f"http://{target}/metrics").text
    endpoint.close()
    assert not list(tmp_path.iterdir())


def test_of_several_targets_one_is_forgotten(tmp_path: Path) -> None:
    for name in ("sightline-stream-camera-stream-1", "sightline-stream-camera-stream-11", "sightline-stage-detector-1@a0"):
        (tmp_path / f"{name}.json").touch()
    forget_target(tmp_path, "camera-stream-1")
    forget_target(tmp_path, "detector-1@a0")
    forget_target(tmp_path / "nowhere", "camera-stream-1")
    assert [file.stem for file in tmp_path.iterdir()] == ["sightline-stream-camera-stream-11"]
