"""Every file of tests/corpus gets the verdict that its folder names; and the files are those that make.py makes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import RejectedFrame
from sightline.settings import StreamSettings

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = sorted(path for path in (CORPUS / "images").rglob("*") if path.is_file())


def verdict(data: bytes) -> str:
    try:
        image = decode_image(data, limits=ImageLimits.from_settings(StreamSettings()))
    except RejectedFrame as rejected:
        return str(rejected.reason)
    assert image.dtype == np.uint8
    assert image.shape in ((32, 48, 3), (48, 32, 3))
    return "accepted"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_verdict_is_the_folders_name(path: Path) -> None:
    assert verdict(path.read_bytes()) == path.parent.name


def test_the_corpus_is_what_its_script_makes() -> None:
    made = runpy.run_path(str(CORPUS / "make.py"))
    names = {f"accepted/{name}" for name in made["accepted"]()}
    names |= {f"{reason}/{name}" for reason, pictures in made["refused"]().items() for name in pictures}
    assert {f"{path.parent.name}/{path.name}" for path in FILES} == names
