"""From where sets of labelled frames lie to what a detector learns from and is judged by."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.evaluation.detection.frames import DetectionSet
from sightline.evaluation.detection.layouts import read_detection_set
from training.data.archives import SUFFIXES, archive_at, unpacked
from training.data.cache import default_cache
from training.data.config import DataConfig
from training.data.finding import Report, silent
from training.data.frames.stored import StoredFrame, read_frames

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedFrames:
    """Frames of several sets: all their training frames, and the first set's frames for validation."""

    train: Sequence[StoredFrame]
    val: Sequence[StoredFrame]


def open_detection_set(path: Path, *, cache: Path | None = None, report: Report = silent) -> DetectionSet:
    """The set in a folder or an archive, which is unpacked once into the cache.

    Raises:
        ConfigurationError: there is none, or its files do not fit together.
    """
    if not path.exists():
        raise ConfigurationError(f"there is no data set {path}: name a folder or an archive ({', '.join(SUFFIXES)})")
    archive = archive_at(path)
    if archive is None:
        return read_detection_set(path)
    unpacking = f"unpacking {archive.name}"
    return read_detection_set(unpacked(archive, cache or default_cache(), lambda done, total: report(unpacking, done, total)))


def open_frames(config: DataConfig, *, report: Report = silent) -> OpenedFrames:
    """Read the sets: ``path`` for training and validation, those of ``also`` for training alone.

    Raises:
        ConfigurationError: one is none, or there is no frame to learn from.
        InputError: a frame is gone.
    """
    sets = [open_detection_set(path, cache=config.cache, report=report) for path in (config.path, *config.also)]
    train = [frame for each in sets for frame in each.train]
    if not train:
        raise ConfigurationError(f"{config.path} has no frame to learn from")
    reading = lambda done, total: report("reading frames", done, total)  # noqa: E731
    opened = OpenedFrames(read_frames(train, reading), read_frames(sets[0].val, reading))
    names = ", ".join(f"{each.name} ({len(each.train)})" for each in sets)
    log.info("%d frames to learn from: %s; %d for validation", len(opened.train), names, len(opened.val))
    return opened
