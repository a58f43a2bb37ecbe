"""Key points that lie beside labelled pictures (:mod:`sightline.keypoint_table`), brought to what a model takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError
from sightline.skeleton import FLIP, JOINTS, indices
from sightline.spec import ModelSpec
from sightline.types import Float32Array

FILE_NAME = "keypoints.npz"


def find_keypoints(places: Iterable[Path]) -> Path | None:
    """``keypoints.npz``, see :func:`find_beside`."""
    return find_beside(places, FILE_NAME)


def find_beside(places: Iterable[Path], name: str) -> Path | None:
    """The file of this name in the first of these folders that has it, in it or beside it; None where none has."""
    candidates = (where / name for place in places for where in (place, place.resolve().parent))
    return next((path for path in candidates if path.is_file()), None)


def no_keypoints(model: str, places: Iterable[Path]) -> ConfigurationError:
    """What to say where a model takes key points, and these places have none."""
    return ConfigurationError(
        f"{model} takes key points, and there is no {FILE_NAME} in {' or '.join(map(str, places))} or beside it: name the file "
        "with --keypoints FILE.npz (arrays name, xy in pixels; see docs/evaluation.md)"
    )


def for_model(joints: Float32Array, picture_wh: tuple[int, int], spec: ModelSpec) -> Float32Array:
    """Joints of a picture as the model takes them for the crop of the whole picture.

    Args:
        joints: float32 (19, 3): x, y in [0, 1] of the picture, confidence.
        picture_wh: width and height of the picture.
        spec: of the model; its crop rule says how the picture becomes the crop.

    Returns:
        float32 (K, 3): x, y in [0, 1] of the crop, confidence; the model's joints in its order.
    """
    share = np.ones(3, np.float32)
    if spec.crop is not None and spec.crop.fit == "letterbox":  # the crop shows more than the picture
        crop_wh, width_height = np.array(spec.crop.size_hw[::-1], np.float32), np.array(picture_wh, np.float32)
        share[:2] = width_height / (crop_wh / (crop_wh / width_height).min())
    return np.asarray((joints * share)[list(indices(model_joints(spec)))], np.float32)


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
