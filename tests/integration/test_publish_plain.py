"""The example that publishes with plain kafka-python is taken for frames like ours."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support.topics import read_topic

from sightline.decoding import ImageLimits, decode_image
from sightline.settings import Settings
from sightline.wire import frame_from_record

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "publish_plain.py"
IMAGES = ROOT / "tests" / "corpus" / "images" / "accepted"


@pytest.mark.stack
def test_the_example_publishes_frames(kafka_settings: Settings) -> None:
    images = [IMAGES / "baseline.jpg", IMAGES / "progressive.jpg", IMAGES / "rotated.jpg"]
    topic = kafka_settings.kafka.topic("camera_frames")
    command = [sys.executable, str(EXAMPLE), str(kafka_settings.kafka.bootstrap_servers), topic, "hall", *map(str, images)]
    subprocess.run(command, check=True, timeout=60)
    frames = [frame_from_record(record, "cluster") for record in read_topic(kafka_settings, topic)]
    assert [frame.data for frame in frames] == [image.read_bytes() for image in images]
    assert {frame.camera for frame in frames} == {"hall"}
    assert len({frame.frame_id for frame in frames}) == 3
    limits = ImageLimits.from_settings(kafka_settings.stream)
    shapes = [decode_image(frame.data, content_type=frame.content_type, limits=limits).shape for frame in frames]
    assert shapes == [(32, 48, 3), (32, 48, 3), (48, 32, 3)]


def test_the_example_needs_none_of_our_code() -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(EXAMPLE.read_text()))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")])
        if name
    }
    assert imported == {"datetime", "kafka", "pathlib", "sys", "uuid"}
