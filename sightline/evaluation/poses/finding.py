"""Key points of pictures that nobody annotated, found by a model and kept as other sets keep theirs.

The file is what :mod:`sightline.keypoint_table` reads, and ``model``: whose they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import ConfigurationError, InputError
from sightline.evaluation.poses.keypoints_model import LoadedKeypoints
from sightline.picture_names import SUFFIXES
from sightline.skeleton import JOINTS
from sightline.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class FoundJoints:
    """What was found.

    Attributes:
        names: of the P pictures, without their endings.
        keypoints: float32 (P, 19, 3): x, y in pixels, confidence.
        unreadable: pictures that cannot be read, and why; they are left out.
    """

    names: tuple[str, ...]
    keypoints: Float32Array
    unreadable: tuple[tuple[Path, str], ...]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder, whatever folders they lie in; hidden ones and copies are left out.

    Raises:
        ConfigurationError: there are none, or two that differ have one name.
    """
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not found:
        raise ConfigurationError(f"there are no pictures in {folder} ({', '.join(sorted(SUFFIXES))})")
    named: dict[str, Path] = {}
    for path in found:
        other = named.setdefault(path.stem, path)
        if other != path and other.read_bytes() != path.read_bytes():
            raise ConfigurationError(f"{other} and {path} have one name: key points are joined by it, so name them apart")
    return list(named.values())


def find_joints(
    model: LoadedKeypoints, pictures: Sequence[Path], *, limits: ImageLimits, on_picture: Callable[[], None] = lambda: None
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
    for path in pictures:
        try:
            image = decode_image(path.read_bytes(), limits=limits)
        except (InputError, OSError) as error:
            unreadable.append((path, str(error)))
        else:
            names.append(path.stem)
            keypoints.append(model.find(image)[None])
        on_picture()
    return FoundJoints(tuple(names), np.concatenate(keypoints), tuple(unreadable))


def write_joints(found: FoundJoints, path: Path, *, model: str) -> None:
    """Write the file, whole or not at all.

    Args:
        found: of :func:`find_joints`.
        path: ends in .npz.
        model: who found them.

    Raises:
        ConfigurationError: it cannot be written there.
    """
    unfinished = path.with_name(f".{path.name}.partial")
    try:
        with unfinished.open("wb") as file:
            np.savez_compressed(
                file,
                name=np.array(found.names, dtype=np.str_),
                xy=found.keypoints[..., :2] - 0.5,  # whole numbers are the middles of pixels
                confidence=found.keypoints[..., 2],
                joints=np.array(JOINTS),
                model=np.array(model),
            )
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ConfigurationError(f"{path} cannot be written: {error}") from error
