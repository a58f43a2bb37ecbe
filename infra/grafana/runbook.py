"""The runbook as a dashboard: ``docs/operations/runbook.md``, each section a panel of text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from infra.grafana.board import Board, Kind, Panel, Section

RUNBOOK_UID = "sightline-runbook"
RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "operations" / "runbook.md"
_LINES_A_UNIT = 2.2
"""Lines of text that one unit of Grafana's grid has room for, with some to spare."""
_CHARACTERS_A_LINE = 160


def board() -> Board:
    """The runbook."""
    panels = tuple(_panel(number, title, text) for number, (title, text) in enumerate(_sections(), start=1))
    description = "What each alert means, how to see what is wrong, and what to do. Written in docs/operations/runbook.md."
    return Board(RUNBOOK_UID, "Sightline / Runbook", description, (Section("Runbook", panels),))


@cache
def section_numbers() -> Mapping[str, int]:
    """Anchor of a section -> number of its panel."""
    return {anchor(title): number for number, (title, _) in enumerate(_sections(), start=1)}


def anchor(title: str) -> str:
    """As renderers of Markdown make it of a heading: ``Lag grows!`` -> ``lag-grows``."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def _sections() -> list[tuple[str, str]]:
    """Heading and text of each section of the second or third level that has a text of its own."""
    parts = re.split(r"^#{2,3} +(.+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    found = zip(parts[1::2], parts[2::2], strict=True)
    return [(title.strip(), text.strip()) for title, text in found if text.strip()]


def _panel(number: int, title: str, text: str) -> Panel:
    lines = sum(1 + len(line) // _CHARACTERS_A_LINE for line in text.splitlines())
    height = max(4, round(lines / _LINES_A_UNIT) + 2)
    return Panel(number, title, {}, "", "From docs/operations/runbook.md.", Kind.TEXT, size=(24, height), text=text)
