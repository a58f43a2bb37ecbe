"""Part images: each of DensePose's 24 parts of a person as a picture of its own (DSA-reID, section 3.1).

Legend: N people, H x W pixels of the crop, S = 32 the side of a part image; ids 1 to 24 stand at 0 to 23.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from torch import Tensor

from sightline.body_model.parts import FLIP, PARTS, UNPAIRED
from sightline.types import DenseCoordinates, UInt8Array
from training.nets.normalise import IMAGENET_MEAN

SIDE = 32
"""S of the paper."""

FILL: tuple[int, ...] = tuple(round(255 * mean) for mean in IMAGENET_MEAN)
"""What nothing is known of: the mean colour, near 0 for the net."""

Alignment: TypeAlias = Literal["dense", "coarse"]
"""``dense``: DSAP images, warped by (u, v). ``coarse``: the paper's CSA, each part cut out by its box and resized."""

_COUNT = len(PARTS) - 1


def part_images(
    images: UInt8Array, coordinates: DenseCoordinates, *, alignment: Alignment = "dense", side: int = SIDE
) -> UInt8Array:
    """The part images of N people.

    Args:
        images: uint8 RGB (N, H, W, 3).
        coordinates: of these pictures, N maps of H x W.
        alignment: how the pixels of a part are laid out.
        side: S.

    Returns:
        uint8 (N, 24, 3, S, S); all :data:`FILL` where a part (or the whole body) was not found.

    Raises:
        ValueError: pictures and maps are not of one size.
    """
    if images.shape[:3] != coordinates.part.shape:
        raise ValueError(f"pictures of {images.shape[:3]}, dense coordinates of {coordinates.part.shape}: expected the same")
    laid_out = warped(images, coordinates, side) if alignment == "dense" else cut_out(images, coordinates, side)
    return np.ascontiguousarray(laid_out.transpose(0, 1, 4, 2, 3))


def warped(images: UInt8Array, coordinates: DenseCoordinates, side: int) -> UInt8Array:
    """Every pixel of a part copied to (floor(u S), floor(v S)), u down and v across: (N, 24, S, S, 3).

    u = 1 and v = 1 go to the last row and column. Where several pixels meet, the last in reading order stays, as in
    :func:`warped_reference`; where none comes, the fill stays.
    """
    out = _filled(len(images), side)
    seen = np.nonzero(coordinates.part)
    rows = np.minimum((coordinates.u[seen] * side).astype(np.intp), side - 1)
    columns = np.minimum((coordinates.v[seen] * side).astype(np.intp), side - 1)
    parts = coordinates.part[seen].astype(np.intp) - 1
    cells = ((seen[0] * _COUNT + parts) * side + rows) * side + columns
    out.reshape(-1, 3)[cells] = images[seen]
    return out


def warped_reference(images: UInt8Array, coordinates: DenseCoordinates, side: int) -> UInt8Array:
    """:func:`warped`, a pixel at a time."""
    out = _filled(len(images), side)
    for n, y, x in np.ndindex(*coordinates.part.shape):
        if coordinates.part[n, y, x] > 0:
            row = min(int(coordinates.u[n, y, x] * side), side - 1)
            column = min(int(coordinates.v[n, y, x] * side), side - 1)
            out[n, coordinates.part[n, y, x] - 1, row, column] = images[n, y, x]
    return out


def cut_out(images: UInt8Array, coordinates: DenseCoordinates, side: int) -> UInt8Array:
    """Each part's box resized to S x S by the nearest pixel, what is not of the part filled: (N, 24, S, S, 3).

    The fill leaves background and neighbours out as the warping does, so the two differ in the alignment alone.
    """
    out = _filled(len(images), side)
    for n, part in enumerate(coordinates.part):
        for index, box in enumerate(find_objects(part, _COUNT)):
            if box is not None:
                rows, columns = (_nearest(edge, side) for edge in box)
                inside = part[np.ix_(rows, columns)] == index + 1
                out[n, index][inside] = images[n][np.ix_(rows, columns)][inside]
    return out


def mirrored_part_images(parts: Tensor) -> Tensor:
    """The part images (N, 24, 3, S, S) of the flipped pictures: limbs change sides, the torso's two mirror v within themselves.

    It is what :func:`part_images` makes of flipped pictures and coordinates
    (:func:`sightline.body_model.mirror.mirrored`), but for pixels that fell into one cell.
    """
    flipped = parts[:, [other - 1 for other in FLIP[1:]]]
    torso = [part - 1 for part in UNPAIRED]
    flipped[:, torso] = parts[:, torso].flip(4)
    return flipped


def _filled(count: int, side: int) -> UInt8Array:
    out = np.empty((count, _COUNT, side, side, 3), np.uint8)
    out[...] = FILL
    return out


def _nearest(edge: slice, side: int) -> NDArray[np.intp]:
    """Which of the pixels of an edge each of ``side`` cells shows."""
    begin, end = int(edge.start), int(edge.stop)
    return begin + (np.arange(side) * 2 + 1) * (end - begin) // (2 * side)
