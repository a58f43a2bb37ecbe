"""The code on the page of dense coordinates runs, and gives what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dense-coordinates.md"


def test_the_example_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    dense = names["dense"]
    assert dense.part.shape == dense.u.shape == dense.v.shape == (1, 64, 32)
    assert (dense.part.dtype, dense.u.dtype) == (np.uint8, np.float32)
    assert len(np.unique(dense.part)) > 2


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    missing = [link for link in links if not (PAGE.parent / link).exists()]
    assert not missing
