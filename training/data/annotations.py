"""Annotations found beside a data set, and joined to its pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sightline.attribute_table import AttributeTable
from sightline.attributes import MISSING
from sightline.errors import ConfigurationError
from sightline.keypoint_table import KeypointTable
from sightline.types import Float32Array, Int64Array
from training.data.reading import StoredPicture

log = logging.getLogger(__name__)

Table = TypeVar("Table")


def annotation(read: Callable[[Path], Table], given: Path | None, name: str, places: Sequence[Path]) -> Table | None:
    """The table in the given file, or in the first one of this name in the places; None = there is none.

    Raises:
        ConfigurationError: the file is not what ``read`` reads, or the given one is missing.
    """
    if given is not None:
        return read(given)
    beside = next((place / name for place in places if (place / name).is_file()), None)
    return None if beside is None else read(beside)


def joined_keypoints(table: KeypointTable | None, pictures: Sequence[StoredPicture], *, required: bool) -> Float32Array | None:
    """float32 (N, J, 3), x and y in [0, 1] of each picture; None = the table knows none of them.

    Raises:
        ConfigurationError: so, and they are required.
    """
    if table is None:
        return None
    keypoints = table.of([stored.picture.name for stored in pictures], [stored.size_wh for stored in pictures])
    known = int((keypoints[..., 2] > 0).any(axis=1).sum())
    return keypoints if _fits("key points", known, len(pictures), required) else None


def joined_attributes(table: AttributeTable | None, pictures: Sequence[StoredPicture], *, required: bool) -> Int64Array | None:
    """int64 (N, A), MISSING where it is not known; None = the table knows none of them.

    Raises:
        ConfigurationError: so, and they are required.
    """
    if table is None:
        return None
    labels = table.of([stored.picture for stored in pictures])
    known = int((labels != MISSING).any(axis=1).sum())
    return labels if _fits("attributes", known, len(pictures), required) else None


def _fits(what: str, known: int, total: int, required: bool) -> bool:
    if known == 0 and required:
        raise ConfigurationError(f"none of the {total} pictures is in the table of {what}: is it of another data set?")
    if known == 0:
        log.info("the table of %s beside the data knows none of the pictures: not used", what)
    elif known < total:
        log.info("%d of %d pictures have %s", known, total, what)
    return known > 0
