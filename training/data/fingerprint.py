"""What a data set is, in a few characters: another one for other pictures, people, cameras or annotations."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.reading import StoredPicture


def fingerprint(pictures: Sequence[StoredPicture], *annotations: NDArray[np.generic] | None) -> str:
    """SHA-256, in hex, over every picture's name, identity, camera, box and bytes, and over the annotations.

    Folders do not count: a copy elsewhere is the same set. The order of the pictures does, as indices mean them.
    """
    total = hashlib.sha256()
    for stored in pictures:
        picture = stored.picture
        total.update(repr((picture.name, picture.pid, picture.camid, picture.box_xywh, stored.resolution)).encode())
        total.update(stored.digest)
    for array in annotations:
        total.update(b"none" if array is None else f"{array.dtype}{array.shape}".encode())
        total.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    return total.hexdigest()
