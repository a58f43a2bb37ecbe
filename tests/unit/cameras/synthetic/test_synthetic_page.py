"""The code of the page on the synthetic world runs, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sightline.attributes import ATTRIBUTES
from sightline.skeleton import JOINTS

PAGE = Path(__file__).parents[4] / "docs" / "synthetic-world.md"


def test_the_pages_code_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    frame, world = names["frame"], names["world"]
    assert frame.image.shape == (576, 720, 3)
    assert frame.truth.joints_xy.shape == (len(frame.truth), len(JOINTS), 2)
    assert set(world.people[0].attributes) == set(ATTRIBUTES)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", PAGE.read_text(encoding="utf-8")))
def test_the_pages_links_lead_somewhere(link: str) -> None:
    assert (PAGE.parent / link).exists()
