"""A data set in an archive instead of a folder: unpacked once into the cache, and nothing outside it is ever written."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from sightline.errors import ConfigurationError
from training.data.cache import filled_once

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError)

Progress = Callable[[int, int], None]
"""Told how many are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    open: Callable[[], IO[bytes]]


def is_archive(path: Path) -> bool:
    """Whether a file's name says so."""
    return path.is_file() and path.name.lower().endswith(SUFFIXES)


def archive_at(path: Path) -> Path | None:
    """The archive that a path names, or the only one in a folder that holds nothing else of a data set; None = it is a folder.

    Raises:
        ConfigurationError: it is a file of another kind.
    """
    if path.is_file():
        if is_archive(path):
            return path
        raise ConfigurationError(f"{path} is neither a folder nor an archive ({', '.join(SUFFIXES)})")
    archives = [inside for inside in sorted(path.iterdir()) if is_archive(inside)]
    alone = len(archives) == 1 and not any(inside.is_dir() for inside in path.iterdir())
    return archives[0] if alone else None


def unpacked(archive: Path, cache: Path, on_progress: Progress = lambda done, total: None) -> Path:
    """The folder that holds what is in the archive.

    Raises:
        ConfigurationError: it is no archive, is cut off, or holds a link or a path that leads out of its folder.
    """

    def fill(folder: Path) -> None:
        try:
            with _members(archive) as members:
                for done, member in enumerate(members, start=1):
                    _write(member, folder, archive)
                    on_progress(done, len(members))
        except _BROKEN as error:
            raise ConfigurationError(f"{archive} cannot be unpacked, is it complete? {error}") from error

    return filled_once(cache, archive, fill)


@contextmanager
def _members(archive: Path) -> Iterator[list[_Member]]:
    """The files of an archive."""
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as zipped:
            yield [_Member(item.filename, _zip_opener(zipped, item)) for item in zipped.infolist() if not item.is_dir()]
    else:
        with tarfile.open(archive) as tar:
            yield [_Member(item.name, _tar_opener(tar, item, archive)) for item in tar if not item.isdir()]


def _zip_opener(zipped: zipfile.ZipFile, item: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: zipped.open(item)


def _tar_opener(tar: tarfile.TarFile, item: tarfile.TarInfo, archive: Path) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        file = tar.extractfile(item) if item.isfile() else None
        if file is None:
            raise ConfigurationError(f"{archive}: {item.name} is neither a file nor a folder (a link?): unpack it by hand")
        return file

    return opened


def _write(member: _Member, folder: Path, archive: Path) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name:
        raise ConfigurationError(f"{archive}: {member.name!r} leads out of the folder: unpack it by hand, and with care")
    target = folder.joinpath(*path.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with member.open() as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink)
