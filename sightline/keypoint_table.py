"""Key points of pictures, by the pictures' names: a numpy archive.

``name`` (N,) and ``xy`` (N, K, 2) must be in it. ``joints`` (K,) names them; without it they are the first K of the
canonical skeleton, as Market-1501's 14 are. ``confidence`` (N, K) may be in it; without it a joint at exactly (0, 0) is
invisible and every other is certain. ``unit`` is ``pixel`` (of the picture's file, whole numbers being the middles of
pixels; the default) or ``picture`` (parts of its width and height, in [0, 1]).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sightline.errors import ConfigurationError
from sightline.picture_names import without_suffix
from sightline.skeleton import JOINTS, indices
from sightline.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class KeypointTable:
    """Key points by name.

    Attributes:
        rows: name -> row of ``keypoints``.
        keypoints: float32 (R, J, 3): x, y and confidence of the canonical joints.
        in_pixels: x and y are pixels of the file (continuous: the first pixel covers [0, 1)), not parts of the picture.
        joints: those that the table has.
    """

    rows: Mapping[str, int]
    keypoints: Float32Array
    in_pixels: bool
    joints: tuple[str, ...] = JOINTS

    def __contains__(self, name: str) -> bool:
        """Whether the table knows a picture."""
        return name in self.rows

    def of(self, names: Sequence[str], sizes_wh: Sequence[tuple[int, int]]) -> Float32Array:
        """Key points of these pictures, of these sizes: float32 (N, J, 3), x and y in [0, 1] of the picture.

        What is outside the picture, or of a picture that the table does not know, is invisible: zeros.
        """
        out = np.zeros((len(names), len(JOINTS), 3), np.float32)
        known = [(place, self.rows[name]) for place, name in enumerate(names) if name in self.rows]
        if known:
            places, rows = np.array(known).T
            out[places] = self.keypoints[rows]
            if self.in_pixels:
                out[places, :, :2] /= np.array(sizes_wh, np.float32)[places, None, :]
        xy = out[..., :2]
        outside = ~((xy >= 0) & (xy <= 1)).all(axis=-1) | ~(out[..., 2] > 0)
        out[outside] = 0
        return out


def read_keypoints(path: Path, *, unnamed: tuple[str, ...] = JOINTS) -> KeypointTable:
    """The table in a numpy archive.

    Args:
        path: of the archive.
        unnamed: what its joints are, in order, where it does not name them; the first K of these.

    Raises:
        ConfigurationError: it is missing, or not as the module says.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return _table(arrays, unnamed)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        expected = f"name (N,), xy (N, K, 2), K <= {len(JOINTS)}, and perhaps joints (K,), confidence (N, K), unit"
        raise ConfigurationError(f"{path}: expected a numpy archive of {expected}; {error}") from error


def _table(arrays: Mapping[str, Any], unnamed: tuple[str, ...]) -> KeypointTable:
    names, xy = [without_suffix(str(name)) for name in arrays["name"]], np.asarray(arrays["xy"], np.float32)
    if xy.ndim != 3 or len(names) != len(xy) or xy.shape[2] != 2 or xy.shape[1] > len(unnamed):
        raise ValueError(f"got {len(names)} names and xy {xy.shape}")
    if len(set(names)) < len(names):
        raise ValueError(f"{len(names) - len(set(names))} names are there twice")
    unit = str(arrays.get("unit", "pixel"))
    if unit not in ("pixel", "picture"):
        raise ValueError(f"unit: expected pixel or picture, got {unit!r}")
    joints = [str(name) for name in arrays["joints"]] if "joints" in arrays else list(unnamed[: xy.shape[1]])
    confidence = np.asarray(arrays["confidence"], np.float32) if "confidence" in arrays else (xy != 0).any(axis=-1)
    keypoints = np.zeros((len(xy), len(JOINTS), 3), np.float32)
    keypoints[:, list(indices(joints)), :2] = xy + 0.5 if unit == "pixel" else xy
    keypoints[:, list(indices(joints)), 2] = confidence
    rows = {name: row for row, name in enumerate(names)}
    return KeypointTable(rows, keypoints, in_pixels=unit == "pixel", joints=tuple(joints))
