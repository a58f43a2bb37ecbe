"""Key points that lie beside labelled pictures, for models that use the pose.

An ``.npz`` with ``name`` (P,), ``xy`` float (P, K, 2) in pixels of the picture and, where they are known, ``confidence``
(P, K) and ``joints`` (K,) names of :data:`sightline.skeleton.JOINTS`. Without ``joints`` they are the first 14 of these;
without ``confidence`` every joint is taken as seen, but those at (0, 0).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from sightline.errors import ConfigurationError
from sightline.skeleton import FLIP, JOINTS, indices
from sightline.spec import ModelSpec
from sightline.types import Float32Array

FILE_NAME = "keypoints.npz"
USUAL_JOINTS = JOINTS[:14]


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Joints by picture.

    Attributes:
        rows: a picture's name without its ending -> its row.
        joints: float32 (P, 19, 3): x, y in pixels, confidence, in the order of :data:`sightline.skeleton.JOINTS`; joints that
            the file does not have, or that were not seen, are 0.
    """

    rows: Mapping[str, int]
    joints: Float32Array

    def of(self, name: str) -> Float32Array | None:
        """float32 (19, 3) of the picture of that name; None where there are none."""
        row = self.rows.get(name)
        return None if row is None else self.joints[row]


def find_keypoints(places: Iterable[Path]) -> Path | None:
    """``keypoints.npz`` in the first of these folders that has it, in it or beside it; None where none has."""
    candidates = (where / FILE_NAME for place in places for where in (place, place.resolve().parent))
    return next((path for path in candidates if path.is_file()), None)


def no_keypoints(model: str, places: Iterable[Path]) -> ConfigurationError:
    """What to say where a model takes key points, and these places have none."""
    return ConfigurationError(
        f"{model} takes key points, and there is no {FILE_NAME} in {' or '.join(map(str, places))} or beside it: name the file "
        "with --keypoints FILE.npz (arrays name, xy in pixels; see docs/evaluation.md)"
    )


def read_keypoints(path: Path) -> Keypoints:
    """Read a file of key points.

    Raises:
        ConfigurationError: it is missing, not of this form, or names a joint that is not known.
    """
    arrays = _arrays(path)
    if not {"name", "xy"} <= set(arrays):
        raise ConfigurationError(f"{path}: expected the arrays name and xy, it has {', '.join(arrays) or 'none'}")
    names, xy = [PurePath(str(name)).stem for name in arrays["name"]], arrays["xy"]
    joints = [str(joint) for joint in arrays.get("joints", np.array(USUAL_JOINTS))]
    if xy.shape != (len(names), len(joints), 2):
        raise ConfigurationError(f"{path}: expected xy of shape {(len(names), len(joints), 2)}, got {xy.shape}")
    confidence = arrays.get("confidence", (xy != 0).any(axis=2))
    if confidence.shape != xy.shape[:2]:
        raise ConfigurationError(f"{path}: expected confidence of shape {xy.shape[:2]}, got {confidence.shape}")
    try:
        places = list(indices(joints))
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    canonical = np.zeros((len(names), len(JOINTS), 3), np.float32)
    canonical[:, places] = np.concatenate([xy, confidence[..., None]], axis=2)
    canonical *= canonical[..., 2:] > 0
    return Keypoints({name: row for row, name in enumerate(names)}, canonical)


def for_model(joints: Float32Array, picture_wh: tuple[int, int], spec: ModelSpec) -> Float32Array:
    """Joints of a picture as the model takes them for the crop of the whole picture.

    Args:
        joints: float32 (19, 3), pixels.
        picture_wh: width and height of the picture.
        spec: of the model; its crop rule says how the picture becomes the crop.

    Returns:
        float32 (K, 3): x, y in [0, 1] of the crop, confidence; the model's joints in its order.
    """
    width, height = picture_wh
    extent = np.array([width, height], np.float32)
    if spec.crop is not None and spec.crop.fit == "letterbox":  # the crop shows more than the picture
        crop_height, crop_width = spec.crop.size_hw
        extent = np.array([crop_width, crop_height], np.float32) / min(crop_width / width, crop_height / height)
    scaled = joints * np.array([1 / extent[0], 1 / extent[1], 1], np.float32)
    return np.asarray(scaled[list(indices(model_joints(spec)))], np.float32)


def mirrored(keypoints: Float32Array, spec: ModelSpec) -> Float32Array:
    """The model's key points (N, K, 3) of the pictures flipped left to right."""
    names = list(model_joints(spec))
    partners = [names.index(JOINTS[FLIP[JOINTS.index(name)]]) for name in names]
    flipped = keypoints[:, partners].copy()
    flipped[..., 0] = np.where(flipped[..., 2] > 0, 1 - flipped[..., 0], 0)
    return flipped


def model_joints(spec: ModelSpec) -> Sequence[str]:
    """Names of the joints that a model's input ``keypoints`` takes, in its order.

    Raises:
        ConfigurationError: the spec does not say.
    """
    count = spec.input("keypoints").shape[1]
    if len(spec.joints) == count:
        return spec.joints
    if not spec.joints and count == len(JOINTS):
        return JOINTS
    raise ConfigurationError(f"{spec.name} takes {count} key points, and its spec names {len(spec.joints)} joints: name all")


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, NpzFile):
            raise ValueError("it is one array")
        with loaded as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no file of key points {path}") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ConfigurationError(f"{path} is not an .npz file of plain arrays: {error}") from error
