"""Crops of one's own cameras, as ``sightline export-crops`` writes them: ``crops.parquet`` and the pictures beside it.

An identity is what the export says: a track, or what the operator's corrections made of several. The person is cut out of the
stored picture by the box, as the stream cuts. Tracks of one picture teach nothing about who is the same; those with fewer
than ``min_pictures`` are left out.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError, InputError
from sightline.exported_crop import TABLE, ExportedCrop
from sightline.keypoint_table import KeypointTable
from sightline.skeleton import JOINTS
from training.data.records import Picture, ReidSet, checked
from training.data.splitting import split_by_identity


def is_stream_crops(folder: Path) -> bool:
    """Whether a folder is such an export."""
    return (folder / TABLE).is_file()


def read_stream_crops(folder: Path, *, test_part: float = 0.2, split: int = 0, min_pictures: int = 2) -> ReidSet:
    """The set in an export's folder.

    Args:
        folder: of the export.
        test_part: the part of the identities that is kept for the test, among those seen by two cameras.
        split: which draw of them.
        min_pictures: identities with fewer are left out.

    Raises:
        ConfigurationError: it is no such export, or :func:`checked` objects.
    """
    rows = _rows(folder)
    counts = Counter(row.identity for row in rows)
    kept = [row for row in rows if counts[row.identity] >= min_pictures]
    if not kept:
        raise ConfigurationError(f"{folder}: no identity has {min_pictures} pictures; it holds {len(rows)} in all")
    pids = {identity: pid for pid, identity in enumerate(sorted({row.identity for row in kept}), start=1)}
    camids = {camera: camid for camid, camera in enumerate(sorted({row.camera for row in kept}), start=1)}
    pictures = [
        Picture(folder / row.crop, pids[row.identity], camids[row.camera], row.sighting_id, row.box_xywh) for row in kept
    ]
    return checked(split_by_identity(folder.name, pictures, test_part=test_part, split=split))


def read_stream_keypoints(folder: Path) -> KeypointTable | None:
    """The key points of the crops whose pose model has the canonical skeleton; None = none has.

    Raises:
        ConfigurationError: it is no such export.
    """
    known = [row for row in _rows(folder) if row.keypoints is not None and row.keypoints.shape == (len(JOINTS), 3)]
    if not known:
        return None
    keypoints = np.array([row.keypoints for row in known], np.float32)
    return KeypointTable({row.sighting_id: index for index, row in enumerate(known)}, keypoints, in_pixels=False)


def _rows(folder: Path) -> list[ExportedCrop]:
    from sightline.adapters.parquet import ParquetCropTable  # pyarrow: needed for this layout alone

    try:
        return list(ParquetCropTable().read(folder / TABLE))
    except InputError as error:
        raise ConfigurationError(f"{error}; repeat `sightline export-crops`") from error
