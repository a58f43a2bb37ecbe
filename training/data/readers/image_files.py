"""The pictures in a folder, and what to say where there are none."""

from __future__ import annotations

from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.picture_names import SUFFIXES


def image_files(folder: Path) -> list[Path]:
    """The pictures that lie in a folder itself, by name; hidden ones (``._0001.jpg`` of foreign archives) do not count.

    Raises:
        ConfigurationError: there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, by name; hidden ones do not count."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def what_is_in(folder: Path, most: int = 8) -> str:
    """The first names in a folder, for a message: ``query/, readme.txt and 3 more``."""
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
    shown = ", ".join(names[:most]) or "nothing"
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
