"""Which actors the settings ask for, without a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import world

from actors.pipeline import camera_streams, scalers, stage_actors, writers
from sightline.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a detector and an embedder in the repository."""
    return world.settings_with_models(tmp_path)


def with_(settings: Settings, section: str, **values: object) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def names(settings: Settings) -> list[str]:
    actors = [*stage_actors(settings, "new"), *camera_streams(settings), *writers(settings), *scalers(settings)]
    return [actor.name for actor in actors]


def with_stage(settings: Settings, stage: str, **values: object) -> Settings:
    return with_(settings, "pipeline", fused=False, **{stage: getattr(settings.pipeline, stage).model_copy(update=values)})


def test_fused_streams_need_no_stage_actors(settings: Settings) -> None:
    assert names(with_(settings, "stream", workers=2)) == ["camera-stream-0", "camera-stream-1", "writer-0"]


def test_stages_apart_have_their_replicas_and_those_without_a_model_none(settings: Settings) -> None:
    apart = with_stage(settings, "detector", replicas=2)
    stages = ["detector-0@new", "detector-1@new", "embedder-0@new"]
    assert names(apart) == [*stages, "camera-stream-0", "writer-0"]


def test_a_stage_that_may_grow_has_a_scaler_and_begins_small(settings: Settings) -> None:
    growing = with_stage(settings, "detector", max_replicas=3)
    assert names(growing) == ["detector-0@new", "embedder-0@new", "camera-stream-0", "writer-0", "scaler"]
    [scaler] = scalers(growing)
    assert scaler.arguments[-1] == ("detector",), "the others have a fixed number"
    assert names(with_(growing, "pipeline", fused=True)) == ["camera-stream-0", "writer-0"], "nothing to scale"


def test_every_kind_of_actor_may_have_hosts_of_its_own(settings: Settings) -> None:
    placed = with_stage(settings, "detector", resources={"stages": 1.0})
    placed = with_(placed, "pipeline", camera_stream_resources={"streams": 1.0}, writer_resources={"streams": 0.01})
    actors = [*stage_actors(placed, "new"), *camera_streams(placed), *writers(placed)]
    assert {actor.name: actor.resources for actor in actors} == {
        "detector-0@new": {"stages": 1.0},
        "embedder-0@new": {},
        "camera-stream-0": {"streams": 1.0},
        "writer-0": {"streams": 0.01},
    }
