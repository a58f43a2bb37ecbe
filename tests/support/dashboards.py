"""The committed dashboards as Grafana reads them, and their queries with Grafana's variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.grafana import DASHBOARDS

Json = dict[str, Any]

ALL_BOARDS: dict[str, Json] = {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}
"""Uid -> dashboard."""
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


def panels(board: Json) -> list[Json]:
    """Its panels, without the headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: Json) -> Iterator[tuple[str, str]]:
    """``uid/number: title`` and expression of every query, for all values of the dashboard's variables."""
    for panel in panels(board):
        for target in panel.get("targets", ()):
            yield f"{board['uid']}/{panel['id']}: {panel['title']}", filled_in(board, target["expr"])


def filled_in(board: Json, expression: str) -> str:
    """With ``All`` chosen everywhere, and the shortest window of rates that Grafana takes for a scrape every 15 s.

    Raises:
        KeyError: the expression names a variable that the dashboard does not have.
    """
    values = {"__rate_interval": "1m"}
    values |= {variable["name"]: variable["allValue"] for variable in board["templating"]["list"] if "allValue" in variable}
    return _VARIABLE.sub(lambda match: values[match[1] or match[2]], expression)
