"""The dashboards' JSON files: made, compared with what lies there, written."""

from __future__ import annotations

from infra.grafana import DASHBOARDS
from infra.grafana.boards import BOARDS
from infra.grafana.sdk import to_json


def rendered() -> dict[str, str]:
    """File name -> its text."""
    return {f"{board.uid}.json": to_json(board) for board in BOARDS}


def stale(texts: dict[str, str]) -> list[str]:
    """Names of files that are missing, differ, or that no board makes."""
    there = {path.name: path.read_text() for path in DASHBOARDS.glob("*.json")}
    return sorted(name for name in texts.keys() | there.keys() if texts.get(name) != there.get(name))


def write(texts: dict[str, str]) -> list[str]:
    """Make the folder hold these files and no others; gives the names of those that were not so already."""
    changed = stale(texts)
    DASHBOARDS.mkdir(exist_ok=True)
    for name in changed:
        if name in texts:
            (DASHBOARDS / name).write_text(texts[name])
        else:
            (DASHBOARDS / name).unlink()
    return changed
