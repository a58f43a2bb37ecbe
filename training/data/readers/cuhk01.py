"""CUHK01 (Li et al., ACCV 2012): ``campus/PPPPIII.png``, 971 identities with two pictures in each of two camera views.

Pictures 1 and 2 of an identity are of the first view, 3 and 4 of the second. There is no official split: papers draw 486
(or 100) identities for the test, and so do we, by a number.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError
from training.data.readers.image_files import image_files
from training.data.records import Picture, ReidSet, checked

FOLDER = "campus"
_NAME = re.compile(r"(?P<pid>\d{4})(?P<shot>\d{3})")


def is_cuhk01(folder: Path) -> bool:
    """Whether a folder has the layout."""
    return (folder / FOLDER).is_dir()


def read_cuhk01(folder: Path, *, test_ids: int = 486, split: int = 0) -> ReidSet:
    """The set in a folder that holds ``campus``; queries are of the first view, the gallery of the second.

    Args:
        folder: holds the folder of pictures.
        test_ids: how many identities are kept for the test: 486 or 100 in the literature.
        split: which draw of them.

    Raises:
        ConfigurationError: a name is of another form, too few identities, or :func:`checked` objects.
    """
    pictures = tuple(_picture(path) for path in image_files(folder / FOLDER))
    pids = sorted({picture.pid for picture in pictures})
    if len(pids) <= test_ids:
        raise ConfigurationError(f"{folder}: {test_ids} test identities were asked for, it has {len(pids)} in all")
    drawn = set(np.random.default_rng(split).choice(pids, test_ids, replace=False).tolist())
    test = [picture for picture in pictures if picture.pid in drawn]
    return checked(
        ReidSet(
            name=f"{folder.name} (split {split})",
            train=tuple(picture for picture in pictures if picture.pid not in drawn),
            query=tuple(picture for picture in test if picture.camid == 1),
            gallery=tuple(picture for picture in test if picture.camid == 2),
        )
    )


def _picture(path: Path) -> Picture:
    match = _NAME.fullmatch(path.stem)
    if match is None or not 1 <= int(match["shot"]) <= 4:
        raise ConfigurationError(f"{path.parent}: expected names such as 0001001.png (identity, shot 1 to 4), got {path.name}")
    return Picture(path, int(match["pid"]), camid=1 if int(match["shot"]) <= 2 else 2)
