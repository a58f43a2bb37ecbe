"""The settings that the page on one machine shows are settings that we take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sightline.settings import load_settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations" / "one-machine.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_page_shows_some() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_taken(example: str, tmp_path: Path) -> None:
    file = tmp_path / "sightline.yaml"
    file.write_text(example)
    assert load_settings(file) != load_settings()
