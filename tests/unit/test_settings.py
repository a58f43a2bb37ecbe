"""Settings: layers in their order, and unknown keys refused with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.errors import ConfigurationError
from sightline.settings import ENDPOINTS_FILE, load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No settings file, no local stack but the test's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    return tmp_path


def test_the_environment_wins_over_the_file_and_the_file_over_the_stack(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "state" / ENDPOINTS_FILE).write_text(
        "kafka: {bootstrap_servers: 'stack:1'}\nmilvus: {uri: 'http://stack:2'}\n"
    )
    assert load_settings().kafka.bootstrap_servers == "stack:1"
    (elsewhere / "sightline.yaml").write_text("kafka: {bootstrap_servers: 'file:1', topic_prefix: 'x-'}\n")
    assert load_settings().kafka.bootstrap_servers == "file:1"
    monkeypatch.setenv("SIGHTLINE_KAFKA__BOOTSTRAP_SERVERS", "environment:1")
    settings = load_settings()
    assert settings.kafka.bootstrap_servers == "environment:1"
    assert settings.kafka.topic("sightings") == "x-sightings"
    assert settings.milvus.uri == "http://stack:2"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("kafka: {bootstrap_server: a}", "did you mean kafka.bootstrap_servers"),
        ("steam: {mode: live}", "did you mean stream"),
        ("stream: {mode: lively}", "stream.mode"),
        ("stream: [1]", "stream"),
        ("kafka: {topics: {sighting: a}}", "did you mean kafka.topics.sightings"),
        ("- a list", "not"),
        ("a: b: c", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_next_step(elsewhere: Path, text: str, hint: str) -> None:
    (elsewhere / "sightline.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=hint):
        load_settings()


def test_a_wrong_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_STREM__MODE", "replay")
    with pytest.raises(ConfigurationError, match=r"SIGHTLINE_STREM__MODE.*did you mean stream"):
        load_settings()
    monkeypatch.delenv("SIGHTLINE_STREM__MODE")
    monkeypatch.setenv("SIGHTLINE_STREAM__MOD", "replay")
    with pytest.raises(ConfigurationError, match=r"did you mean stream\.mode"):
        load_settings()


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_settings(Path("nowhere.yaml"))


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_KAFKA__PASSWORD", "hush")
    settings = load_settings()
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()
