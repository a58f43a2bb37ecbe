"""What an operator says of tracks: which are the same person, and which are nobody.

A CSV file with the columns ``track`` and ``pid``: tracks of one pid are one person, in whatever cameras; an empty pid
leaves the track out (no person, or two at once). Tracks that are not named stay persons of their own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from sightline.errors import ConfigurationError

COLUMNS = ["track", "pid"]


def read_corrections(path: Path) -> Mapping[str, str | None]:
    """Track -> identity; None = to be left out.

    Raises:
        ConfigurationError: the file is missing, has other columns, or says two things of one track.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS:
                raise ConfigurationError(f"{path}: expected the columns track,pid in the first line, got {reader.fieldnames}")
            rows = [(reader.line_num, row["track"].strip(), (row["pid"] or "").strip()) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"the corrections {path} cannot be read: {error}") from error
    said: dict[str, str | None] = {}
    for line, track, pid in rows:
        if track in said and said[track] != (pid or None):
            raise ConfigurationError(f"{path}, line {line}: {track} was another person before")
        said[track] = pid or None
    return said
