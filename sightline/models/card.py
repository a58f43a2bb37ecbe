"""Model cards: what a person should know of a model before leaning on it, as ``README.md`` in the model's folder.

A card has a section for each of :data:`HEADINGS`, in whatever order, as ``## Heading``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

CARD_FILE = "README.md"

HEADINGS = ("Data", "Terms", "Recipe", "Figures", "Limits", "Who it works worse for")
"""What every card of a shipped model says: learnt from what, usable on which terms, made by which command, how good, where
it ends, and for whom it is worse."""

_HEADING = re.compile(r"^##\s+(.+?)\s*$", re.MULTILINE)


def read_card(folder: Path) -> Mapping[str, str]:
    """Heading -> text of the card's sections, as written; empty where there is no card."""
    path = folder / CARD_FILE
    if not path.is_file():
        return {}
    _, *parts = _HEADING.split(path.read_text(encoding="utf-8"))
    return {heading: text.strip() for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def missing_sections(card: Mapping[str, str]) -> list[str]:
    """Those of :data:`HEADINGS` that a card lacks or leaves empty; upper and lower case are the same."""
    written = {heading.casefold() for heading, text in card.items() if text}
    return [heading for heading in HEADINGS if heading.casefold() not in written]
