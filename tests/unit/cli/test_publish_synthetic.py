"""What `sightline publish` says of synthetic cameras before it publishes anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cameras.options import SourceOptions
from sightline.cli.app import app
from sightline.cli.publish_synthetic import synthetic_sources, synthetic_views, truth_file


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a source"),
        (["webcam:0", "--ground-truth", "truth.jsonl"], "only of synthetic cameras"),
        (["webcam:0", "--camera", "synthetic-1", "--synthetic", "1"], "another --camera"),
    ],
)
def test_wrong_usage_is_named_with_the_next_step(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["publish", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert said in done.output


def test_no_camera_is_built_where_none_is_asked_for(tmp_path: Path) -> None:
    assert synthetic_views(0, 0, taken=()) == ()
    assert synthetic_sources((), 0, SourceOptions(""), None) == {}
    assert truth_file(None, 0) is None


def test_each_camera_has_its_id_and_gives_frames() -> None:
    views = synthetic_views(1, 3, taken=())
    ((camera, source),) = synthetic_sources(views, 3, SourceOptions("", fps=5, start_us=7_000_000, paced=False), None).items()
    frame = next(iter(source.frames()))
    assert camera == frame.camera == "synthetic-1"
    assert frame.captured_at_us == 7_000_000
