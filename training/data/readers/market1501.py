"""Market-1501 (Zheng et al., ICCV 2015), and every set that was brought into its layout (CUHK03-NP, for one).

``bounding_box_train``, ``query`` and ``bounding_box_test`` hold pictures named ``PPPP_cCsS_FFFFFF_BB.jpg``: identity,
camera, sequence, frame, box. Identity -1 is junk, 0 a distractor. What else lies in the folder (``gt_bbox``,
``gt_query``) is not read.
"""

from __future__ import annotations

import re
from pathlib import Path

from sightline.errors import ConfigurationError
from training.data.readers.image_files import image_files
from training.data.records import DISTRACTOR, JUNK, Picture, ReidSet, checked

TRAIN, QUERY, GALLERY = FOLDERS = ("bounding_box_train", "query", "bounding_box_test")
NAME = re.compile(r"(?P<pid>-1|\d+)_c(?P<camid>\d+)")
EXPECTED = "names such as 0002_c1s1_000451_03.jpg (identity, camera)"


def is_market1501(folder: Path) -> bool:
    """Whether a folder has the layout's three folders."""
    return all((folder / name).is_dir() for name in FOLDERS)


def read_market1501(folder: Path, *, named: re.Pattern[str] = NAME, expected: str = EXPECTED) -> ReidSet:
    """The set in a folder of this layout.

    Args:
        folder: holds the three folders.
        named: how names begin; other sets of this layout name their pictures otherwise.
        expected: the same in words.

    Raises:
        ConfigurationError: a folder is missing, a name is of another form, or :func:`checked` objects.
    """
    train, query, gallery = (_pictures(folder / name, named, expected) for name in FOLDERS)
    people = tuple(picture for picture in train if picture.pid not in (JUNK, DISTRACTOR))
    return checked(ReidSet(folder.name, people, query, gallery))


def _pictures(folder: Path, named: re.Pattern[str], expected: str) -> tuple[Picture, ...]:
    return tuple(_picture(path, named, expected) for path in image_files(folder))


def _picture(path: Path, named: re.Pattern[str], expected: str) -> Picture:
    match = named.match(path.name)
    if match is None:
        raise ConfigurationError(f"{path.parent}: expected {expected}, got {path.name}")
    return Picture(path, int(match["pid"]), int(match["camid"]))
