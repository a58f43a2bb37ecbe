"""A data set that anyone can make: a folder for each person, the camera in each file's name.

``<identity>/<camera>_<anything>.jpg``: ``anna/entrance_0001.jpg``, ``anna/hall_17.png``, ``0042/c3_1200.jpg``. Identities and
cameras may have any names. Somebody whom nobody looks for goes into a folder ``distractors``. Either these folders lie in the
given one, and a part of the identities is kept for the test (:func:`split_by_identity`), or they lie in its folders
``train``, ``query`` and ``gallery``, as its maker split them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ConfigurationError
from training.data.readers.image_files import image_files, subfolders, what_is_in
from training.data.readers.market1501 import GALLERY as MARKET_GALLERY
from training.data.readers.market1501 import TRAIN as MARKET_TRAIN
from training.data.records import DISTRACTOR, Picture, ReidSet, checked
from training.data.splitting import split_by_identity

PARTS = ("train", "query", "gallery")
DISTRACTORS = "distractors"


def is_identity_folders(folder: Path) -> bool:
    """Whether a folder has the layout: a picture in the first of its folders, or in that of its ``train``.

    A set of Market-1501's layout that lacks a folder is not one: its parts would be taken for people.
    """
    if any((folder / part).is_dir() for part in (MARKET_TRAIN, MARKET_GALLERY)):
        return False
    return _holds_identities(folder / "train") if (folder / "train").is_dir() else _holds_identities(folder)


def _holds_identities(folder: Path) -> bool:
    return any(image_files(identity) for identity in subfolders(folder)[:1])


def read_identity_folders(folder: Path, *, test_part: float = 0.2, split: int = 0) -> ReidSet:
    """The set in a folder of this layout.

    Args:
        folder: holds a folder for each identity, or ``train``, ``query`` and ``gallery`` that do.
        test_part: where its maker did not split it: the part of the identities that is kept for the test.
        split: which draw of them.

    Raises:
        ConfigurationError: a name has no camera, a part is missing, or :func:`checked` objects.
    """
    given = [part for part in PARTS if (folder / part).is_dir()]
    if not given:
        pictures = _pictures([folder])
        return checked(split_by_identity(folder.name, pictures, test_part=test_part, split=split))
    if len(given) < len(PARTS):
        raise ConfigurationError(f"{folder}: expected {', '.join(f'{part}/' for part in PARTS)}, found {what_is_in(folder)}")
    pictures = _pictures([folder / part for part in PARTS])
    train, query, gallery = (tuple(p for p in pictures if p.path.is_relative_to(folder / part)) for part in PARTS)
    return checked(ReidSet(folder.name, train, query, gallery))


def _pictures(folders: Sequence[Path]) -> list[Picture]:
    """Identities and cameras are numbered by name over all the folders, so that query and gallery agree."""
    files = [path for folder in folders for identity in subfolders(folder) for path in image_files(identity)]
    pids = {name: pid for pid, name in enumerate(sorted({path.parent.name for path in files} - {DISTRACTORS}), start=1)}
    pids[DISTRACTORS] = DISTRACTOR
    camids = {name: camid for camid, name in enumerate(sorted({_camera(path) for path in files}), start=1)}
    return [Picture(path, pids[path.parent.name], camids[_camera(path)], _known_as(path)) for path in files]


def _camera(path: Path) -> str:
    camera, underscore, _ = path.stem.partition("_")
    if not (camera and underscore):
        raise ConfigurationError(f"{path.parent}: expected names such as entrance_0001.jpg (camera, anything), got {path.name}")
    return camera


def _known_as(path: Path) -> str:
    """People repeat names from folder to folder; with the folder's name they are unique."""
    return f"{path.parent.name}/{path.stem}"
