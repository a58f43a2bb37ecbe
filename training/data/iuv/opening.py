"""From data sets on disk to people with dense coordinates: exact where the set has maps, else fitted to key points."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.errors import ConfigurationError
from training.augment.pipeline import training_pipeline
from training.config import AugmentConfig
from training.data.annotations import annotation, joined_keypoints
from training.data.archives import archive_at, unpacked
from training.data.cache import default_cache
from training.data.config import DataConfig
from training.data.finding import Report, annotation_places, open_reid_set, silent
from training.data.fingerprint import fingerprint
from training.data.iuv.fitted import with_fitted_maps
from training.data.iuv.maps import has_maps, read_maps
from training.data.iuv.pose_crops import is_pose_crops, read_pose_crops, read_pose_joints
from training.data.iuv.training_set import IuvTrainingSet
from training.data.keypoint_table import read_keypoints
from training.data.opening import KEYPOINTS
from training.data.reading import Memory, StoredPicture, read_all
from training.data.records import Picture
from training.data.samples import Samples

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class IuvData:
    """What is learnt from, and people of the first set who are not: none where it has no exact maps."""

    training: IuvTrainingSet
    held_out: Samples


@dataclass(frozen=True, slots=True, eq=False)
class _Set:
    """People of one data set.

    Attributes:
        train, held_out: with maps.
        exact: whether the maps are; else they were fitted.
    """

    train: Samples
    held_out: Samples
    exact: bool


def open_iuv_data(
    config: DataConfig, *, size_hw: tuple[int, int], augment: AugmentConfig, exact_repeats: int, report: Report = silent
) -> IuvData:
    """Read all data sets, and fit bodies where coordinates are not known: some 10 s for 10,000 people.

    Args:
        config: the sets; those of ``also`` are learnt from as well.
        size_hw: of the net's input in training.
        augment: of the training samples.
        exact_repeats: how many times samples with exact maps go by in an epoch; those with fitted ones go by once.
        report: told how far it is.

    Raises:
        ConfigurationError: there is no such set, or it has neither maps nor key points.
        InputError: pictures cannot be read, and are not to be skipped.
    """
    augmentation = training_pipeline(augment, size_hw)
    memory = Memory(config.memory_bytes)
    sets = [_opened(_alone(config, path), memory, report) for path in (config.path, *config.also)]
    training = IuvTrainingSet(
        [each.train for each in sets],
        [exact_repeats if each.exact else 1 for each in sets],
        augmentation,
        fingerprint=_fingerprint(sets),
        threads=config.threads,
        ahead=config.ahead,
    )
    exact, fitted = (sum(len(each.train) for each in sets if each.exact is kind) for kind in (True, False))
    logger.info("%d people with exact coordinates, %d with fitted ones; %d held out", exact, fitted, len(sets[0].held_out))
    return IuvData(training, sets[0].held_out)


def _alone(config: DataConfig, path: Path) -> DataConfig:
    if path == config.path:
        return config
    return config.model_copy(update={"path": path, "also": (), "layout": None, "attributes": None, "keypoints": None})


def _opened(config: DataConfig, memory: Memory, report: Report) -> _Set:
    if is_pose_crops(config.path):
        return _pose_set(config, memory, report)
    root, reid_set = open_reid_set(config, report=report)
    train = _read(reid_set.train, config, memory, report)
    if has_maps(root):
        held_out = _read(reid_set.query + reid_set.gallery, config, memory, report)
        with_maps = [Samples(part, None, read_maps(root, part)) for part in (train, held_out)]
        return _Set(with_maps[0], with_maps[1], exact=True)
    table = annotation(read_keypoints, config.keypoints, KEYPOINTS, annotation_places(config, root))
    keypoints = joined_keypoints(table, train, required=True)
    if keypoints is None:
        raise ConfigurationError(f"{config.path} has neither iuv/NAME.png nor {KEYPOINTS}: nothing is known of its bodies")
    return _fitted(Samples(train, keypoints), report)


def _pose_set(config: DataConfig, memory: Memory, report: Report) -> _Set:
    archive = archive_at(config.path)
    folder = config.path if archive is None else unpacked(archive, config.cache or default_cache())
    pictures = _read(read_pose_crops(folder), config, memory, report)
    table = read_pose_joints(config.path)
    keypoints = table.of([each.picture.name for each in pictures], [each.size_wh for each in pictures])
    return _fitted(Samples(pictures, keypoints), report)


def _fitted(samples: Samples, report: Report) -> _Set:
    fitted = with_fitted_maps(samples, lambda done, total: report("fitting bodies to key points", done, total))
    logger.info("a body was found on %d of %d pictures", len(fitted), len(samples))
    return _Set(fitted, Samples([]), exact=False)


def _read(pictures: Sequence[Picture], config: DataConfig, memory: Memory, report: Report) -> tuple[StoredPicture, ...]:
    return read_all(
        pictures,
        memory=memory,
        resolution=config.resolution,
        skip_broken=config.broken == "skip",
        threads=config.threads,
        on_progress=lambda done, total: report("reading pictures", done, total),
    )


def _fingerprint(sets: Sequence[_Set]) -> str:
    """Of the pictures, and of every map."""
    parts = [part for each in sets for part in (each.train, each.held_out)]
    maps = [iuv.ravel() for part in parts for iuv in part.iuv or ()]
    return fingerprint([stored for part in parts for stored in part.pictures], np.concatenate(maps) if maps else None)
