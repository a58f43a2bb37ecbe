"""Crops of people with all 14 joints, as LSP-extended has them: ``crops.tar`` and ``joints.npz`` side by side.

The set has no official test part: a tenth of its crops is held out by a hash of their names.

``joints.npz`` holds ``name`` (N,) and ``xy`` (N, 14, 2), pixels of the crop, in the order of :data:`LSP_JOINTS`.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS, indices
from training.data.keypoint_table import KeypointTable
from training.data.names import without_suffix
from training.data.readers.image_files import image_files
from training.data.records import DISTRACTOR, Picture

JOINTS_FILE = "joints.npz"
LSP_JOINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle",
    "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
    "neck", "head_top",
)  # fmt: skip
"""The order of the Leeds Sports Pose sets."""


def is_pose_crops(folder: Path) -> bool:
    """Whether a folder is such a set."""
    return (folder / JOINTS_FILE).is_file()


def read_pose_crops(folder: Path) -> tuple[Picture, ...]:
    """The crops to learn from, in a folder and the folders in it. Nobody knows who they are.

    Raises:
        ConfigurationError: there is none.
    """
    folders = [folder, *sorted(each for each in folder.rglob("*") if each.is_dir())]
    found = [path for inside in folders for path in image_files(inside)]
    if not found:
        raise ConfigurationError(f"{folder} holds no crops")
    return tuple(Picture(path, DISTRACTOR, 1) for path in found if not held_out(path.stem))


def held_out(name: str) -> bool:
    """Whether the crop of this name is for the test: one in ten is."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % 10 == 0


def read_pose_joints(folder: Path) -> KeypointTable:
    """The joints of the crops, by name.

    Raises:
        ConfigurationError: the file is not as the module says.
    """
    path = folder / JOINTS_FILE
    try:
        with np.load(path, allow_pickle=False) as archive:
            names, xy = [without_suffix(str(name)) for name in archive["name"]], np.asarray(archive["xy"], np.float32)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"{path}: expected a numpy archive of name (N,) and xy (N, 14, 2); {error}") from error
    if xy.shape != (len(names), len(LSP_JOINTS), 2):
        raise ConfigurationError(f"{path}: expected xy ({len(names)}, {len(LSP_JOINTS)}, 2), got {xy.shape}")
    keypoints = np.zeros((len(names), len(JOINTS), 3), np.float32)
    keypoints[:, list(indices(LSP_JOINTS)), :2] = xy + 0.5
    keypoints[:, list(indices(LSP_JOINTS)), 2] = 1
    return KeypointTable({name: row for row, name in enumerate(names)}, keypoints, in_pixels=True)
