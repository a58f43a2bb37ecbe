"""What the local stack downloads, once a machine: each thing in a folder of its own that is complete or does not count."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.errors import ConfigurationError

Say = Callable[[str], None]
"""Told what is going on, one short line at a time."""

COMPLETE = ".complete"


def cache_dir() -> Path:
    """``$XDG_CACHE_HOME/sightline``, else ``~/.cache/sightline``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "sightline"


def installed(name: str, build: Callable[[Path], None]) -> Path:
    """The folder ``<cache>/<name>``, filled by ``build`` unless it is complete already.

    Processes that need the same folder wait for one another. A build that fails or is killed is started afresh.
    """
    folder = cache_dir() / name
    if (folder / COMPLETE).exists():
        return folder
    with locked(cache_dir() / f"{name}.lock"):
        if not (folder / COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            build(folder)
            (folder / COMPLETE).touch()
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; it ends with the process at the latest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def digest_of(*files: Path) -> str:
    """Twelve hex digits that change when one of the files does."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def program(name: str, *, how: str) -> str:
    """Path of a program.

    Raises:
        ConfigurationError: it is not on PATH; the message says how to install it.
    """
    path = shutil.which(name)
    if path is None:
        raise ConfigurationError(f"the program {name!r} is missing: {how}")
    return path


def run_installer(command: list[str], *, doing: str, cwd: Path | None = None) -> None:
    """Run a package tool to its end.

    Raises:
        ConfigurationError: it failed; the message holds the end of what it said.
    """
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise ConfigurationError(f"{doing} failed (exit code {done.returncode}):\n{said}")
