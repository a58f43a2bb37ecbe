"""System packages."""

from __future__ import annotations

import pytest

from infra.local import system


@pytest.fixture
def no_programs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_what_is_missing_is_named_with_the_command_that_installs_it(no_programs, capsys):
    assert system.main([]) == 1
    said = capsys.readouterr().err
    assert "missing: java (runs Apache Kafka)" in said
    assert "openjdk-17-jre-headless maven" in said
    assert "prometheus" not in said


def test_the_optional_ones_by_request(no_programs, capsys):
    assert system.main(["--all"]) == 1
    assert "prometheus" in capsys.readouterr().err


def test_nothing_missing_says_nothing(monkeypatch, capsys, tmp_path):
    for item in system.PACKAGES:
        (tmp_path / item.program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system.main(["--all", "--install"]) == 0
    assert capsys.readouterr().err == ""
