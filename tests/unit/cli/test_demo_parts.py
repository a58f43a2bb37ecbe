"""The demo's parts that need no server: camera ids, the models chosen, figures counted from its beginning."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sightline.cli.demo_cameras import demo_cameras
from sightline.cli.demo_display import Scoreboard
from sightline.cli.demo_models import with_models
from sightline.errors import InputError
from sightline.settings import load_settings
from sightline.spec import CropRule, ModelSpec, TensorSpec


def test_each_source_is_a_camera_and_names_that_meet_are_numbered(tmp_path: Path) -> None:
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "hall.mp4").touch()
    videos = [str(tmp_path / folder / "hall.mp4") for folder in ("a", "b", "c")]
    cameras = demo_cameras([*videos, "webcam:0", "rtsp://10.0.0.7/stream"])
    assert list(cameras) == ["hall", "hall-2", "hall-3", "webcam0", "10.0.0.7"]
    assert [cameras["hall"], cameras["hall-2"], cameras["hall-3"]] == videos


def test_a_source_that_is_not_there_is_named_before_anything_starts() -> None:
    with pytest.raises(InputError, match=r"nowhere\.mp4 does not exist"):
        demo_cameras(["nowhere.mp4"])


def test_its_models_are_chosen_over_others() -> None:
    embedder = ModelSpec(
        name="reid_mine",
        kind="embedder",
        inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 64, 32, 3)),),
        outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, 48)),),
        crop=CropRule(size_hw=(64, 32)),
        sha256="1" * 64,
    )
    settings = load_settings(pipeline={"detector": {"model": "mine_before"}, "embedder": {"max_batch_size": 3}})
    chosen = with_models(settings, [embedder]).pipeline
    assert (chosen.detector.model, chosen.embedder.model, chosen.embedder.max_batch_size) == ("mine_before", "reid_mine", 3)


def test_figures_count_from_the_beginning_of_the_demo() -> None:
    answers = [
        _figures(seen=100, sightings=7, shed={"stale": 5}),
        _figures(seen=130, sightings=9, shed={"stale": 6, "other": 2}),
    ]
    board = Scoreboard(_api(answers), ["hall", "door"])
    assert board.look()
    assert [board.count("hall", name) for name in ("seen", "sightings", "shed", "dead")] == [30, 2, 3, 0]
    assert board.count("door", "seen") == 0, "a camera that has not shown up yet"
    assert board.total("seen") == 30, "other people's cameras do not count"
    assert not board.look(), "the API does not answer"
    assert board.total("seen") == 30


def _figures(**hall: object) -> dict[str, object]:
    other = {"camera": "other", "fps": 1.0, "seen": hall["seen"], "sightings": 1, "shed": {}, "dead": {}}
    return {"cameras": [{"camera": "hall", "fps": 2.0, "dead": {}, **hall}, other]}


def _api(answers: list[dict[str, object]]) -> httpx.Client:
    """Gives these answers, then none."""
    left = iter(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        document = next(left, None)
        return httpx.Response(503) if document is None else httpx.Response(200, json=document)

    return httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer))
