"""Key points of pictures that nobody annotated, found by a model and kept as other sets keep theirs.

The file is what :mod:`sightline.keypoint_table` reads, and ``model``: whose they are.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

import numpy as np

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import ConfigurationError, InputError
from sightline.evaluation.poses.keypoints_model import LoadedKeypoints
from sightline.picture_names import SUFFIXES
from sightline.skeleton import JOINTS
from sightline.types import Float32Array

Encoded = tuple[str, Callable[[], bytes]]
"""A picture's path within its set, and how to get its bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundJoints:
    """What was found.

    Attributes:
        names: of the P pictures, without their endings.
        keypoints: float32 (P, 19, 3): x, y in pixels, confidence.
        unreadable: paths of pictures that cannot be decoded, and why; they are left out.
    """

    names: tuple[str, ...]
    keypoints: Float32Array
    unreadable: tuple[tuple[str, str], ...]


def pictures_in(source: Path) -> list[Encoded]:
    """The pictures of a folder, a .tar (.gz, .xz) or a .zip, whatever folders they lie in; by path. A copy is left out.

    Raises:
        ConfigurationError: there is no such thing, there are no pictures in it, or two that differ have one name.
    """
    if source.is_dir():
        files = [path for path in sorted(source.rglob("*")) if path.suffix.lower() in SUFFIXES]
        found = [(str(path.relative_to(source)), path.read_bytes) for path in files]
    elif source.is_file() and tarfile.is_tarfile(source):
        found = list(_in_tar(source))
    elif source.is_file() and zipfile.is_zipfile(source):
        found = list(_in_zip(source))
    else:
        raise ConfigurationError(f"{source} is no folder, .tar or .zip of pictures")
    if not found:
        raise ConfigurationError(f"there are no pictures in {source} ({', '.join(sorted(SUFFIXES))})")
    named: dict[str, Encoded] = {}
    for path, content in found:
        other, others = named.setdefault(PurePath(path).stem, (path, content))
        if other != path and others() != content():
            raise ConfigurationError(f"{other} and {path} have one name: key points are joined by it, so name them apart")
    return list(named.values())


def find_joints(
    model: LoadedKeypoints, pictures: list[Encoded], *, limits: ImageLimits, on_picture: Callable[[], None] = lambda: None
) -> FoundJoints:
    """The joints of the one person on each picture. Blocking; needs no server.

    Args:
        model: loaded.
        pictures: of :func:`pictures_in`.
        limits: of what a picture may cost.
        on_picture: called after each.

    Raises:
        ModelError: the model cannot be run.
    """
    names, keypoints, unreadable = [], [np.zeros((0, len(JOINTS), 3), np.float32)], []
    for path, content in pictures:
        try:
            image = decode_image(content(), limits=limits)
        except InputError as error:
            unreadable.append((path, str(error)))
        else:
            names.append(PurePath(path).stem)
            keypoints.append(model.find(image)[None])
        on_picture()
    return FoundJoints(tuple(names), np.concatenate(keypoints), tuple(unreadable))


def write_joints(found: FoundJoints, path: Path, *, model: str) -> None:
    """Write the file, whole or not at all.

    Args:
        found: of :func:`find_joints`.
        path: ends in .npz.
        model: who found them.
    """
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            name=np.array(found.names, dtype=np.str_),
            xy=found.keypoints[..., :2] - 0.5,  # whole numbers are the middles of pixels
            confidence=found.keypoints[..., 2],
            joints=np.array(JOINTS),
            model=np.array(model),
        )
    partial.replace(path)


def _in_tar(source: Path) -> Iterator[Encoded]:
    archive = tarfile.open(source)  # noqa: SIM115 (its pictures are read later)
    for member in sorted(archive.getmembers(), key=lambda member: member.name):
        if member.isfile() and PurePath(member.name).suffix.lower() in SUFFIXES:
            yield member.name, partial(_content, archive, member)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None, "a file of the archive"
    return file.read()


def _in_zip(source: Path) -> Iterator[Encoded]:
    archive = zipfile.ZipFile(source)
    for name in sorted(archive.namelist()):
        if PurePath(name).suffix.lower() in SUFFIXES:
            yield name, partial(archive.read, name)
