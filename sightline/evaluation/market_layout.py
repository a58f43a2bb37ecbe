"""Labelled pictures in Market-1501's layout: ``query/`` and ``bounding_box_test/``, and ``gt_bbox/`` where it is there.

Names begin ``PPPP_cC``: identity and camera (``0002_c1s1_000451_03.jpg``, ``-1_c3s2_…``). Identity -1 is junk, 0 a
distractor.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ConfigurationError
from sightline.picture_names import SUFFIXES

QUERY, GALLERY, MULTI_QUERY = "query", "bounding_box_test", "gt_bbox"
_NAME = re.compile(r"(-1|\d+)_c(\d+)")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A crop of one person.

    Attributes:
        path: its file.
        pid: the identity; -1 = junk, 0 = a distractor.
        camid: the camera.
        known_as: what annotations are joined by, where the file's name alone would not do.
        box_xywh: where the person is in the file, pixels; None = the file shows the person and no margin.
    """

    path: Path
    pid: int
    camid: int
    known_as: str | None = None
    box_xywh: tuple[float, float, float, float] | None = None

    @property
    def name(self) -> str:
        """What annotations are joined by: the file's name without its ending, unless the set has reason to say otherwise."""
        return self.known_as or self.path.stem

    @property
    def file_name(self) -> str:
        """The name as that of a file about it."""
        return self.name.replace("/", "_")


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """What to look for, and among what.

    Attributes:
        name: of the folder.
        query, gallery: pictures, by name; at least one each.
        multi_query: more pictures of the queries' people, for multi-query evaluation; may be empty.
    """

    name: str
    query: tuple[LabelledPicture, ...]
    gallery: tuple[LabelledPicture, ...]
    multi_query: tuple[LabelledPicture, ...] = ()


def is_market_layout(folder: Path) -> bool:
    """Whether a folder has queries and a gallery of this layout."""
    return all((folder / name).is_dir() for name in (QUERY, GALLERY))


def read_market_layout(folder: Path) -> LabelledFolder:
    """Read a folder's names; no picture is opened.

    Raises:
        ConfigurationError: a folder is missing or empty, a name is of another form, or two pictures share a name.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}: give one in Market-1501 layout, with {QUERY}/ and {GALLERY}/")
    missing = [name for name in (QUERY, GALLERY) if not (folder / name).is_dir()]
    if missing:
        raise ConfigurationError(f"{folder} is not in Market-1501 layout: it has no {' and no '.join(missing)}{_hint(folder)}")
    query, gallery = (_pictures(folder / name) for name in (QUERY, GALLERY))
    _refuse_doubles(folder, query + gallery)
    more = _pictures(folder / MULTI_QUERY) if (folder / MULTI_QUERY).is_dir() else ()
    return LabelledFolder(folder.resolve().name, query, gallery, more)


def labels(pictures: tuple[LabelledPicture, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """pids and camids of P pictures: int64 (P,) each."""
    pids = np.array([picture.pid for picture in pictures], np.int64)
    return pids, np.array([picture.camid for picture in pictures], np.int64)


def _pictures(folder: Path) -> tuple[LabelledPicture, ...]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
    if not paths:
        raise ConfigurationError(f"{folder} holds no pictures: expected files ending in {', '.join(sorted(SUFFIXES))}")
    matches = [_NAME.match(path.name) for path in paths]
    strange = [path.name for path, match in zip(paths, matches, strict=True) if match is None]
    if strange:
        raise ConfigurationError(
            f"{folder}: expected names such as 0002_c1s1_000451_03.jpg (identity, camera), got {_some(strange)}"
        )
    return tuple(
        LabelledPicture(path, int(match[1]), int(match[2])) for path, match in zip(paths, matches, strict=True) if match
    )


def _refuse_doubles(folder: Path, pictures: tuple[LabelledPicture, ...]) -> None:
    counts = Counter(picture.name for picture in pictures)
    doubled = [f"{p.path.parent.name}/{p.path.name}" for p in pictures if counts[p.name] > 1]
    if doubled:
        raise ConfigurationError(f"{folder}: names must differ but for their endings, got {_some(doubled)}: rename some")


def _hint(folder: Path) -> str:
    """Archives often hold one folder more than people expect."""
    inside = sorted(path.name for path in folder.iterdir() if (path / QUERY).is_dir() and (path / GALLERY).is_dir())
    return f" (did you mean {folder / inside[0]}?)" if inside else ""


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
