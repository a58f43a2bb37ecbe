"""MSMT17 (Wei et al., CVPR 2018): list files beside two folders of pictures.

``list_train.txt``, ``list_val.txt``, ``list_query.txt`` and ``list_gallery.txt`` hold lines such as
``0000/0000_000_01_0303morning_0015_0.jpg 0``: a path and an identity, which begins at 0 in training and again at 0 in test. The
third part of a name is the camera. The pictures lie in ``train`` and ``test`` (V1) or ``mask_train_v2`` and ``mask_test_v2``
(V2, faces masked).
"""

from __future__ import annotations

from pathlib import Path

from sightline.errors import ConfigurationError
from training.data.readers.image_files import what_is_in
from training.data.records import Picture, ReidSet, checked

LISTS = {"train": "list_train.txt", "val": "list_val.txt", "query": "list_query.txt", "gallery": "list_gallery.txt"}
VERSIONS = (("train", "test"), ("mask_train_v2", "mask_test_v2"))


def is_msmt17(folder: Path) -> bool:
    """Whether a folder has the layout's list files."""
    return all((folder / LISTS[name]).is_file() for name in ("train", "query", "gallery"))


def read_msmt17(folder: Path, *, with_validation: bool = False) -> ReidSet:
    """The set in a folder of this layout.

    Args:
        folder: holds the lists and the two folders of pictures.
        with_validation: train on the validation part (``list_val.txt``) too, as some papers do.

    Raises:
        ConfigurationError: a list or a folder is missing, a line is of another form, or :func:`checked` objects.
    """
    train_folder, test_folder = _folders(folder)
    train = _listed(folder / LISTS["train"], train_folder)
    if with_validation:
        train += _listed(folder / LISTS["val"], train_folder)
    query, gallery = (_listed(folder / LISTS[name], test_folder) for name in ("query", "gallery"))
    return checked(ReidSet(folder.name, train, query, gallery))


def _folders(folder: Path) -> tuple[Path, Path]:
    for train, test in VERSIONS:
        if (folder / train).is_dir() and (folder / test).is_dir():
            return folder / train, folder / test
    expected = " or ".join(f"{train}/ and {test}/" for train, test in VERSIONS)
    raise ConfigurationError(f"{folder}: expected {expected} beside the lists, found {what_is_in(folder)}")


def _listed(list_file: Path, folder: Path) -> tuple[Picture, ...]:
    if not list_file.is_file():
        raise ConfigurationError(f"there is no list {list_file}")
    lines = enumerate(list_file.read_text().splitlines(), start=1)
    return tuple(_picture(line, folder, f"{list_file}, line {number}") for number, line in lines if line.strip())


def _picture(line: str, folder: Path, where: str) -> Picture:
    name, _, pid = line.rpartition(" ")
    try:
        # Training and test count from 0 each, and 0 is a distractor here: they are one person further on.
        camid, number = int(name.rpartition("/")[2].split("_")[2]), int(pid) + 1
    except (ValueError, IndexError) as error:
        raise ConfigurationError(f"{where}: expected '0000/0000_000_01_0303morning_0015_0.jpg 0', got {line[:80]!r}") from error
    known_as = f"{folder.name}/{name.removesuffix('.jpg')}"
    return Picture(_within(folder, name, where), number, camid, known_as)


def _within(folder: Path, name: str, where: str) -> Path:
    path = folder / name
    if ".." in Path(name).parts or Path(name).is_absolute() or not path.is_file():
        raise ConfigurationError(f"{where}: there is no picture {path}")
    return path
