"""Where a data set is: the folder or archive that was named, and whose pictures lie there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sightline.errors import ConfigurationError
from training.data.archives import SUFFIXES, archive_at, unpacked
from training.data.cache import default_cache
from training.data.config import DataConfig
from training.data.layouts import found_layout, read_layout
from training.data.records import ReidSet

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


def silent(what: str, done: int, total: int) -> None:
    """Nobody is told."""


def open_reid_set(config: DataConfig, *, report: Report = silent) -> tuple[Path, ReidSet]:
    """The folder of a data set, unpacked where it is in an archive, and who is on which of its pictures.

    Raises:
        ConfigurationError: there is none, or it is not laid out as expected.
    """
    cache = config.cache or default_cache()
    folder = config.path
    if not folder.exists():
        raise ConfigurationError(f"there is no data set {folder}: name a folder or an archive ({', '.join(SUFFIXES)})")
    archive = archive_at(folder)
    if archive is not None:
        folder = unpacked(archive, cache, lambda done, total: report(f"unpacking {archive.name}", done, total))
    root, layout = found_layout(folder, config.layout)
    return root, read_layout(root, layout, cache=cache, on_progress=lambda done, total: report("unpacking", done, total))


def annotation_places(config: DataConfig, root: Path) -> Sequence[Path]:
    """Where annotations are looked for: in the set, beside it, and where its archive is."""
    return (root, root.parent, config.path, config.path.parent)
