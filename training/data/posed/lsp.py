"""Leeds Sports Pose, extended (Johnson and Everingham, CVPR 2011), as crops in one folder with ``joints.npz`` beside.

The set has no official test part: a tenth of its pictures is held out, by a hash of their names, the same one for everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ConfigurationError
from training.data.readers.image_files import image_files, subfolders
from training.data.records import DISTRACTOR, Picture

JOINTS_FILE = "joints.npz"
"""An archive as :mod:`sightline.keypoint_table` reads it; without names its joints are in this order:"""

LSP_JOINTS: tuple[str, ...] = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle",
    "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
    "neck", "head_top",
)  # fmt: skip

_HELD_OUT = 10
"""One in so many."""


def lsp_pictures(folder: Path) -> tuple[Picture, ...]:
    """The crops in a folder, or in the one folder in it; nobody knows who they are.

    Raises:
        ConfigurationError: there is none.
    """
    inner = subfolders(folder)
    files = image_files(folder) or (image_files(inner[0]) if len(inner) == 1 else [])
    if not files:
        raise ConfigurationError(f"{folder} holds no pictures to go with {JOINTS_FILE}")
    return tuple(Picture(path, pid=DISTRACTOR, camid=1) for path in files)


def split(pictures: Sequence[Picture]) -> tuple[tuple[Picture, ...], tuple[Picture, ...]]:
    """What is learnt from, and what is held out."""
    kept = tuple(picture for picture in pictures if not held_out(picture.name))
    return kept, tuple(picture for picture in pictures if held_out(picture.name))


def held_out(name: str) -> bool:
    """Whether the picture of this name (without its ending) is for the test."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % _HELD_OUT == 0
