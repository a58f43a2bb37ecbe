"""Exact coordinates, read from the pictures of ``iuv/NAME.png`` that ``sightline synthesize`` writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sightline.body_model.parts import PARTS
from sightline.decoding import ImageLimits, decode_image
from sightline.errors import ConfigurationError, InputError, RejectedFrame
from sightline.types import UInt8Array
from training.data.reading import StoredPicture

FOLDER = "iuv"
"""Of the maps, in the folder of the set."""

_LIMITS = ImageLimits(max_bytes=64 * 2**20, max_pixels=40_000_000, max_side=16_384)


def has_maps(root: Path) -> bool:
    """Whether a data set has maps of its people's coordinates."""
    return (root / FOLDER).is_dir()


def read_maps(root: Path, pictures: Sequence[StoredPicture]) -> list[UInt8Array]:
    """The maps of these pictures: uint8 (h, w, 3), part 0 to 24, u and v as parts of 255.

    Raises:
        ConfigurationError: a picture has no map, or one with ids that are no part.
        InputError: a map cannot be decoded.
    """
    return [_read(root / FOLDER / f"{stored.picture.name}.png") for stored in pictures]


def _read(path: Path) -> UInt8Array:
    try:
        iuv = decode_image(path.read_bytes(), limits=_LIMITS)
    except OSError as error:
        raise ConfigurationError(f"{path}: expected the map of a picture's body parts: {error.strerror or error}") from error
    except RejectedFrame as error:
        raise InputError(f"{path} ({error})") from error
    if iuv[..., 0].max(initial=0) >= len(PARTS):
        raise ConfigurationError(f"{path}: expected part ids up to {len(PARTS) - 1}, got {iuv[..., 0].max()}")
    return iuv
