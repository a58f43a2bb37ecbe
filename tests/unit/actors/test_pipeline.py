"""Which actors the settings ask for, without a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import world

from actors.pipeline import fingerprint, wanted_actors
from sightline.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a detector and an embedder in the repository."""
    for spec in (world.DETECTOR, world.EMBEDDER):
        folder = tmp_path / spec.name
        folder.mkdir()
        spec.write(folder)
    return load_settings(triton={"model_repositories": [str(tmp_path)]})


def with_(settings: Settings, section: str, **values: object) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def names(settings: Settings) -> list[str]:
    return [actor.name for actor in wanted_actors(settings)]


def test_fused_streams_need_no_stage_actors(settings: Settings) -> None:
    assert names(with_(settings, "stream", workers=2)) == ["camera-stream-0", "camera-stream-1", "writer-0"]


def test_stages_apart_have_their_replicas_and_those_without_a_model_none(settings: Settings) -> None:
    apart = with_(settings, "pipeline", fused=False)
    apart = with_(apart, "pipeline", detector=apart.pipeline.detector.model_copy(update={"replicas": 2}))
    assert names(apart) == ["detector-0", "detector-1", "embedder-0", "camera-stream-0", "writer-0"]


def test_scaling_makes_no_actor_anew_and_other_settings_do(settings: Settings) -> None:
    assert fingerprint(with_(settings, "stream", workers=5)) == fingerprint(settings)
    assert fingerprint(with_(settings, "writer", workers=5)) == fingerprint(settings)
    assert fingerprint(with_(settings, "stream", mode="replay")) != fingerprint(settings)


def test_other_weights_under_the_same_name_make_actors_anew(settings: Settings) -> None:
    before = fingerprint(settings)
    folder = settings.model_repositories[0] / world.DETECTOR.name
    world.DETECTOR.model_copy(update={"sha256": "f" * 64, "version": 2}).write(folder)
    assert fingerprint(settings) != before
