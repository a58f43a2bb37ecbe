"""What is unpacked once and kept: a folder for each source file, keyed by the file's bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path


def default_cache() -> Path:
    """``$XDG_CACHE_HOME/sightline/data``, else ``~/.cache/sightline/data``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "sightline" / "data"


def filled_once(cache: Path, source: Path, fill: Callable[[Path], None]) -> Path:
    """The folder ``<cache>/<source's name>-<first of its SHA-256>``, filled by ``fill`` the first time.

    It is filled under another name and renamed when complete: whoever is killed, or fills it at the same time, leaves
    either the whole folder or none.
    """
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    folder = cache / f"{source.stem}-{digest[:16]}"
    if folder.is_dir():
        return folder
    partial = cache / f".{folder.name}.{uuid.uuid4().hex}.partial"
    partial.mkdir(parents=True)
    try:
        fill(partial)
        _keep(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _keep(partial: Path, folder: Path) -> None:
    try:
        partial.rename(folder)
    except OSError:
        if not folder.is_dir():  # else somebody else was quicker, and theirs is as good
            raise
