"""The JSON files are what the code makes, and whoever changes one of them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.grafana import DASHBOARDS
from infra.grafana.__main__ import main
from infra.grafana.writing import rendered, stale, write


def test_nothing_is_stale() -> None:
    assert stale(rendered()) == [], "run `python -m infra.grafana`"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("infra.grafana.writing.DASHBOARDS", tmp_path / "dashboards")
    return tmp_path / "dashboards"


def test_what_is_missing_changed_or_left_over_is_told_then_put_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = sorted(path.name for path in DASHBOARDS.glob("*.json"))
    assert main(["--check"]) == 1
    assert sorted(line.split()[0] for line in capsys.readouterr().out.splitlines()) == names

    assert main([]) == 0
    assert sorted(path.name for path in folder.iterdir()) == names
    assert main(["--check"]) == 0

    (folder / names[0]).write_text("{}")
    (folder / "old.json").write_text("{}")
    assert stale(rendered()) == sorted([names[0], "old.json"])
    assert write(rendered()) == sorted([names[0], "old.json"])
    assert main(["--check"]) == 0
    assert not (folder / "old.json").exists()
