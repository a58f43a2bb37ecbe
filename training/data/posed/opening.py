"""From where sets of people with joints lie to what is learnt from and judged by.

A set is one of two: re-identification data in any layout, with ``keypoints.npz`` in it or beside it (Market-1501 with its
machine-made joints, what ``sightline synthesize`` writes, the stream's own crops), held out as its authors hold it out; or a
folder of crops with ``joints.npz``, see :mod:`training.data.posed.lsp`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.keypoint_table import KeypointTable, read_keypoints
from training.data.annotations import joined_keypoints
from training.data.archives import archive_at, unpacked
from training.data.cache import default_cache
from training.data.config import DataConfig
from training.data.finding import Report, annotation_places, open_reid_set, silent
from training.data.fingerprint import fingerprint
from training.data.opening import KEYPOINTS
from training.data.posed.lsp import JOINTS_FILE, LSP_JOINTS, lsp_pictures, split
from training.data.posed.posed_set import PosedSet
from training.data.readers.stream_crops import is_stream_crops, read_stream_keypoints
from training.data.reading import Memory, StoredPicture, read_all
from training.data.records import Picture
from training.data.samples import Samples

log = logging.getLogger(__name__)


def open_posed_sets(config: DataConfig, *, report: Report = silent) -> tuple[PosedSet, ...]:
    """The data's first set, and those that are joined to it. Every picture is read once.

    Args:
        config: where they are, and how they are read; its layout and its file of key points are the first set's.
        report: told how far it is.

    Raises:
        ConfigurationError: a set is not there, not laid out as expected, or has no joints.
        InputError: pictures cannot be read, and are not to be skipped.
    """
    memory = Memory(config.memory_bytes)
    others = [config.model_copy(update={"path": path, "layout": None, "keypoints": None}) for path in config.also]
    opened = tuple(_open(each, memory, report) for each in (config, *others))
    names = [each.name for each in opened]
    if len(set(names)) < len(names):
        raise ConfigurationError(f"data sets of the same name cannot be told apart in the figures: {', '.join(names)}")
    return opened


def _open(config: DataConfig, memory: Memory, report: Report) -> PosedSet:
    crops = _folder_with_joints(config, report)
    if crops is None:
        root, reid_set = open_reid_set(config, report=report)
        table = _keypoints_of(config, root)
        name, training, held_out = reid_set.name, reid_set.train, reid_set.query + reid_set.gallery
    else:
        folder, joints_file = crops
        table = read_keypoints(joints_file, unnamed=LSP_JOINTS)
        name = joints_file.resolve().parent.name
        training, held_out = split(lsp_pictures(folder))
    stored = read_all(
        (*training, *held_out),
        memory=memory,
        resolution=config.resolution,
        skip_broken=config.broken == "skip",
        threads=config.threads,
        on_progress=lambda done, total: report("reading pictures", done, total),
    )
    return _joined(name, stored, set(training), table)


def _joined(name: str, stored: Sequence[StoredPicture], training: set[Picture], table: KeypointTable) -> PosedSet:
    """The set, without the pictures that the table does not know."""
    keypoints = joined_keypoints(table, stored, required=True)
    assert keypoints is not None, "they are required"
    known = [row for row in range(len(stored)) if (keypoints[row, :, 2] > 0).any()]
    learnt = [row for row in known if stored[row].picture in training]
    others = [row for row in known if stored[row].picture not in training]
    training_part, held_out = (Samples([stored[row] for row in rows], keypoints[rows]) for rows in (learnt, others))
    log.info("%s: %d pictures with joints to learn from, %d held out", name, len(learnt), len(others))
    return PosedSet(name, training_part, held_out, table.joints, fingerprint(stored, keypoints))


def _folder_with_joints(config: DataConfig, report: Report) -> tuple[Path, Path] | None:
    """The folder of a set of crops, and its file of joints; None = the set is of another kind."""
    if not config.path.exists():
        raise ConfigurationError(f"there is no data set {config.path}: name a folder or an archive")
    places = (config.path, config.path.parent) if config.path.is_file() else (config.path,)
    file = next((place / JOINTS_FILE for place in places if (place / JOINTS_FILE).is_file()), None)
    if file is None:
        return None
    archive = archive_at(config.path)
    if archive is None:
        return config.path, file
    telling = lambda done, total: report(f"unpacking {archive.name}", done, total)  # noqa: E731
    return unpacked(archive, config.cache or default_cache(), telling), file


def _keypoints_of(config: DataConfig, root: Path) -> KeypointTable:
    """
    Raises:
        ConfigurationError: there is no table.
    """
    if config.keypoints is not None:
        return read_keypoints(config.keypoints)
    places = annotation_places(config, root)
    beside = next((place / KEYPOINTS for place in places if (place / KEYPOINTS).is_file()), None)
    if beside is not None:
        return read_keypoints(beside)
    from_stream = read_stream_keypoints(root) if is_stream_crops(root) else None
    if from_stream is not None:
        return from_stream
    raise ConfigurationError(
        f"{config.path}: a pose net learns from key points, and there is no {KEYPOINTS} in it or beside it"
    )
