"""A sighting as a row of a collection, and back.

What is filtered on has a column of its own; the rest of the sighting is one JSON column, ``details``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sightline.attributes import likeliest
from sightline.errors import InputError, SpaceMismatchError
from sightline.types import Sighting

ID_BYTES = 128
CAMERA_BYTES = 512
TRACK_BYTES = 1024
JSON_BYTES = 65_536
INT64_MAX = 2**63 - 1

VALUES = "values"
"""Within ``details``: attribute -> likeliest value. Rows of an earlier Sightline lack it and pass no filter by attribute."""

ALL_FIELDS: Sequence[str] = ("sighting_id", "embedding", "camera", "captured_at_us", "track", "attributes", "details")


def sighting_to_row(sighting: Sighting, *, space: str, dimension: int) -> dict[str, Any]:
    """The row that keeps ``sighting``.

    Raises:
        SpaceMismatchError: it is of another space, or its embedding has another dimension.
        InputError: it does not fit: a text or number that no collection of ours could hold.
    """
    _check_space(sighting, space, dimension)
    _check_columns(sighting)
    return {
        "sighting_id": sighting.sighting_id,
        "embedding": sighting.embedding,
        "camera": sighting.camera,
        "captured_at_us": sighting.captured_at_us,
        "track": sighting.track,
        "attributes": _checked_json("attributes", dict(sighting.attributes)),
        "details": _checked_json("details", _details(sighting)),
    }


def row_to_sighting(row: Mapping[str, Any], space: str) -> Sighting:
    """The inverse of :func:`sighting_to_row`, for rows read with :data:`ALL_FIELDS`; those of an earlier Sightline too."""
    details = row["details"]
    keypoints, visibility = details["keypoints"], details.get("visibility")
    return Sighting(
        sighting_id=row["sighting_id"],
        camera=row["camera"],
        frame_id=details["frame_id"],
        captured_at_us=int(row["captured_at_us"]),
        track=row["track"],
        box_xywh=_box(details["box"]),
        score=float(details["score"]),
        quality=float(details["quality"]),
        embedding=np.asarray(row["embedding"], np.float32),
        space=space,
        crop_key=details["crop_key"],
        crop_box_xywh=None if details["crop_box"] is None else _box(details["crop_box"]),
        keypoints=None if keypoints is None else np.array(keypoints, np.float32).reshape(-1, 3),
        attributes={str(name): float(value) for name, value in row["attributes"].items()},
        visibility=None if visibility is None else np.array(visibility, np.float32),
    )


def _details(sighting: Sighting) -> dict[str, Any]:
    return {
        "frame_id": sighting.frame_id,
        "box": [float(side) for side in sighting.box_xywh],
        "score": float(sighting.score),
        "quality": float(sighting.quality),
        "crop_key": sighting.crop_key,
        "crop_box": None if sighting.crop_box_xywh is None else [float(side) for side in sighting.crop_box_xywh],
        "keypoints": None if sighting.keypoints is None else sighting.keypoints.tolist(),
        "visibility": None if sighting.visibility is None else sighting.visibility.tolist(),
        # What `attribute=` asks for: neither server can compare two probabilities with each other.
        VALUES: {attribute: value for attribute, (value, _) in likeliest(sighting.attributes).items()},
    }


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    x, y, width, height = values
    return float(x), float(y), float(width), float(height)


def _check_space(sighting: Sighting, space: str, dimension: int) -> None:
    if sighting.space != space:
        raise SpaceMismatchError(expected=space, actual=sighting.space)
    if len(sighting.embedding) != dimension:
        expected, actual = (f"{space} ({n} dimensions)" for n in (dimension, len(sighting.embedding)))
        raise SpaceMismatchError(expected=expected, actual=actual)


def _check_columns(sighting: Sighting) -> None:
    if not sighting.sighting_id:
        raise InputError("expected a sighting id, got an empty one")
    for name, text, limit in (
        ("sighting_id", sighting.sighting_id, ID_BYTES),
        ("camera", sighting.camera, CAMERA_BYTES),
        ("track", sighting.track, TRACK_BYTES),
    ):
        if not fits(text, limit):
            raise InputError(f"{name}: expected UTF-8 text of at most {limit} bytes, got {text[:80]!r}")
    if abs(sighting.captured_at_us) > INT64_MAX:
        raise InputError(f"captured_at_us: expected a 64-bit integer, got {sighting.captured_at_us}")
    if not (np.isfinite(sighting.embedding).all() and sighting.embedding.any()):
        raise InputError(f"{sighting.sighting_id}: expected an embedding of finite numbers, not all 0")


def fits(text: str, limit: int) -> bool:
    """Whether a column of ``limit`` bytes can hold ``text`` at all."""
    try:
        return len(text.encode()) <= limit
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _checked_json(name: str, value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except ValueError as error:
        raise InputError(f"{name}: expected finite numbers and valid text: {error}") from error
    if size > JSON_BYTES:
        raise InputError(f"{name}: expected at most {JSON_BYTES} bytes of JSON, got {size}")
    return value
