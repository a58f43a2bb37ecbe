"""From data sets on disk to people with dense coordinates: exact where the set has maps, else fitted to key points."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.augment.pipeline import training_pipeline
from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.finding import Report, open_reid_set, silent
from training.data.fingerprint import fingerprint
from training.data.iuv.fitted import with_fitted_maps
from training.data.iuv.maps import has_maps, read_maps
from training.data.iuv.training_set import IuvTrainingSet
from training.data.posed.lsp import JOINTS_FILE
from training.data.posed.opening import open_posed_sets
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
        return config.model_copy(update={"also": ()})
    return config.model_copy(update={"path": path, "also": (), "layout": None, "attributes": None, "keypoints": None})


def _opened(config: DataConfig, memory: Memory, report: Report) -> _Set:
    if not (config.path / JOINTS_FILE).is_file():
        root, reid_set = open_reid_set(config, report=report)
        if has_maps(root):
            train, held_out = (
                _read(part, config, memory, report) for part in (reid_set.train, reid_set.query + reid_set.gallery)
            )
            with_maps = [Samples(part, None, read_maps(root, part)) for part in (train, held_out)]
            return _Set(with_maps[0], with_maps[1], exact=True)
    [posed] = open_posed_sets(config, report=report)
    fitted = with_fitted_maps(posed.training, lambda done, total: report("fitting bodies to key points", done, total))
    logger.info("%s: a body was found on %d of %d pictures", posed.name, len(fitted), len(posed.training))
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
