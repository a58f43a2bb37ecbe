"""What makes running actors old: settings, models and code; not how many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import world

from sightline.models.generation import code_version, generation_of
from sightline.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a detector and an embedder in the repository."""
    return world.settings_with_models(tmp_path)


def with_(settings: Settings, section: str, **values: object) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("stream", {"workers": 5}),
        ("writer", {"workers": 5}),
        ("serving", {"replicas": 5}),
        ("serving", {"url": "http://elsewhere:8000"}),
        ("ray", {"address": "ray://head:10001"}),
        ("metrics", {"prometheus_url": "http://127.0.0.1:9090"}),
        ("metrics", {"grafana_url": "http://127.0.0.1:3000"}),
    ],
)
def test_how_many_there_are_and_who_deploys_them_makes_nothing_anew(
    settings: Settings, section: str, values: dict[str, Any]
) -> None:
    assert generation_of(with_(settings, section, **values)) == generation_of(settings)


def test_another_setting_makes_all_anew(settings: Settings) -> None:
    assert generation_of(with_(settings, "stream", mode="replay")) != generation_of(settings)


def test_other_weights_under_the_same_name_make_all_anew(settings: Settings) -> None:
    before = generation_of(settings)
    folder = settings.model_repositories[0] / world.DETECTOR.name
    world.DETECTOR.model_copy(update={"sha256": "f" * 64, "version": 2}).write(folder)
    assert generation_of(settings) != before


def test_other_code_makes_all_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before, version = generation_of(settings), code_version()
    monkeypatch.setattr("sightline.models.generation.__file__", str(tmp_path / "sightline" / "models" / "generation.py"))
    (tmp_path / "actors").mkdir()
    (tmp_path / "actors" / "stream.py").write_text("changed = True")
    code_version.cache_clear()
    try:
        assert code_version() != version
        assert generation_of(settings) != before
    finally:
        code_version.cache_clear()
