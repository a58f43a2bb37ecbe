"""Finding out how a set of labelled frames is laid out, and reading it."""

from __future__ import annotations

from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.evaluation.detection.box_table import is_box_table, read_box_table
from sightline.evaluation.detection.camera_frames import is_camera_frames, read_camera_frames
from sightline.evaluation.detection.frames import DetectionSet

_KNOWN = (
    (is_box_table, read_box_table, "train/, val/ and boxes.csv, as `sightline synthesize` writes them into detection/"),
    (is_camera_frames, read_camera_frames, "frames/ and ground_truth.csv: one camera's frames in the order of time"),
)


def is_detection_set(folder: Path) -> bool:
    """Whether a folder, or the one folder of a set in it, is known."""
    return bool(_places(folder))


def read_detection_set(folder: Path) -> DetectionSet:
    """The set in a folder, or in the one folder of it that holds one.

    Raises:
        ConfigurationError: there is none, or there are several, or its files do not fit together.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}")
    places = _places(folder)
    if not places:
        expected = "\n  ".join(text for _, _, text in _KNOWN)
        raise ConfigurationError(f"{folder} is no set of labelled frames; expected\n  {expected}")
    if len(places) > 1:
        raise ConfigurationError(f"{folder} holds several sets: name one of {', '.join(map(str, places))}")
    where = places[0]
    return next(read(where) for fits, read, _ in _KNOWN if fits(where))


def _places(folder: Path) -> list[Path]:
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    fitting = [where for where in (folder, *inside) if any(fits(where) for fits, _, _ in _KNOWN)]
    return fitting[:1] if fitting[:1] == [folder] else fitting
