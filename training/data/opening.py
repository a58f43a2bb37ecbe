"""From where the data lie to what is learnt from and judged by: the one way in, for the command line and for programs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sightline.attribute_table import read_attributes
from sightline.body_model.fit import fit_dense_coordinates
from sightline.keypoint_table import read_keypoints
from sightline.types import Float32Array
from training.augment.pipeline import training_pipeline
from training.config import AugmentConfig
from training.data.annotations import annotation, joined_attributes, joined_keypoints
from training.data.batching import PartImages
from training.data.config import DataConfig
from training.data.evaluation_set import EvaluationPart, EvaluationSet
from training.data.finding import Report, annotation_places, open_reid_set, silent
from training.data.fingerprint import fingerprint
from training.data.joining import Learnable, joined
from training.data.readers.stream_crops import is_stream_crops, read_stream_keypoints
from training.data.reading import Memory, StoredPicture, read_all
from training.data.records import ReidSet
from training.data.samples import FitBody, Samples, fitted_iuv
from training.data.training_set import TrainingSet

log = logging.getLogger(__name__)

KEYPOINTS, ATTRIBUTES = "keypoints.npz", "attributes.csv"
"""Names of the annotations that are looked for beside the data."""


@dataclass(frozen=True, slots=True)
class SampleStage:
    """How training samples are made from an epoch of the run on, until the next stage.

    Attributes:
        epoch: from 0.
        size_hw: of the samples, pixels.
        augment: of them.
    """

    epoch: int
    size_hw: tuple[int, int]
    augment: AugmentConfig


@dataclass(frozen=True, slots=True)
class NetInput:
    """What the net takes, and how its samples are made.

    Attributes:
        size_hw: of its input, pixels.
        augment: of the training samples; its ``resize_hw`` holds at test too.
        part_images: makes part images of the training samples; None = the net learns without.
        fit: dense coordinates of people by their key points, for the part images.
        test_part_images: makes part images of queries and gallery, for nets that see them at test too.
        test_batch: pictures a batch at test.
        test_disturbance: key points are shifted by up to this part of the picture at test; 0 = not at all.
        stages: how training samples are made in the course of a run, in order; before and without as above.
    """

    size_hw: tuple[int, int]
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    part_images: PartImages | None = None
    fit: FitBody = fit_dense_coordinates
    test_part_images: PartImages | None = None
    test_batch: int = 64
    test_disturbance: float = 0.0
    stages: tuple[SampleStage, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedData:
    """A data set, opened: what is learnt from, and what a run is judged by."""

    training: TrainingSet
    evaluation: EvaluationSet


def open_training_data(config: DataConfig, net: NetInput, *, report: Report = silent) -> OpenedData:
    """Find, unpack, read and check a data set with its annotations. Every picture is read once: seconds for 10,000.

    Args:
        config: where it is, and how it is read.
        net: what its batches are for.
        report: told how far it is.

    Raises:
        ConfigurationError: there is no such data set, it is not laid out as expected, or annotations do not fit it.
        InputError: pictures cannot be read, and are not to be skipped.
    """
    # What is wrong with an augmentation is said before the data are read.
    augmentation = training_pipeline(net.augment, net.size_hw)
    later = [(stage.epoch, training_pipeline(stage.augment, stage.size_hw)) for stage in net.stages]
    root, reid_set = open_reid_set(config, report=report)
    memory = Memory(config.memory_bytes)
    stored = _read(config, reid_set, memory, report)
    keypoints = _keypoints(config, root, stored)
    train, query, gallery = _parts(reid_set, stored, keypoints)
    own = _learnable(config, root, train)
    further = [_further(config, path, memory, report) for path in config.also]
    learnt = joined([own, *further])
    training = TrainingSet(
        learnt.samples if net.part_images is None else _with_coordinates(learnt.samples, net.fit, report),
        augmentation,
        later=later,
        fingerprint=fingerprint(stored, keypoints, own.attributes) if not further else _fingerprint(stored, learnt),
        attributes=learnt.attributes,
        attribute_values=learnt.values,
        part_images=net.part_images,
        threads=config.threads,
        ahead=config.ahead,
    )
    rates = {"threads": config.threads, "ahead": config.ahead}
    evaluation = EvaluationSet(reid_set.name, *(evaluated(part, net, report=report, **rates) for part in (query, gallery)))
    log.info(
        "%s: %d pictures of %d identities to learn from; %d queries, a gallery of %d",
        *(reid_set.name, len(training), training.facts.classes, len(query), len(gallery)),
    )
    return OpenedData(training, evaluation)


def _further(config: DataConfig, path: Path, memory: Memory, report: Report) -> Learnable:
    """What is learnt of another set."""
    config = config.model_copy(update={"path": path, "layout": None, "attributes": None, "keypoints": None, "also": ()})
    root, reid_set = open_reid_set(config, report=report)
    reid_set = replace(reid_set, query=(), gallery=())
    stored = _read(config, reid_set, memory, report)
    return _learnable(config, root, _parts(reid_set, stored, _keypoints(config, root, stored))[0])


def _learnable(config: DataConfig, root: Path, train: Samples) -> Learnable:
    table = annotation(read_attributes, config.attributes, ATTRIBUTES, annotation_places(config, root))
    labels = joined_attributes(table, train.pictures, required=config.attributes is not None)
    return Learnable(train, labels, table.values if table is not None and labels is not None else None)


def _fingerprint(stored: Sequence[StoredPicture], learnt: Learnable) -> str:
    """Of several sets: what is learnt, and what it is judged by."""
    return fingerprint([*learnt.samples.pictures, *stored], learnt.samples.keypoints, learnt.attributes)


def _read(config: DataConfig, reid_set: ReidSet, memory: Memory, report: Report) -> tuple[StoredPicture, ...]:
    stored = read_all(
        reid_set.pictures,
        memory=memory,
        resolution=config.resolution,
        skip_broken=config.broken == "skip",
        threads=config.threads,
        on_progress=lambda done, total: report("reading pictures", done, total),
    )
    kept = sum(each.kept is not None for each in stored)
    log.info("%d of %d decoded pictures are kept in memory (%.0f MiB)", kept, len(stored), memory.used_bytes / 2**20)
    if kept < len(stored):
        log.info("the others are decoded anew each time; a larger data.memory_bytes keeps more")
    return stored


def _keypoints(config: DataConfig, root: Path, stored: Sequence[StoredPicture]) -> Float32Array | None:
    table = annotation(read_keypoints, config.keypoints, KEYPOINTS, annotation_places(config, root))
    if table is None and is_stream_crops(root):
        table = read_stream_keypoints(root)
    return joined_keypoints(table, stored, required=config.keypoints is not None)


def _parts(
    reid_set: ReidSet, stored: Sequence[StoredPicture], keypoints: Float32Array | None
) -> tuple[Samples, Samples, Samples]:
    """Train, query and gallery of what could be read."""

    def part(pictures: Sequence[object]) -> Samples:
        members = set(pictures)
        rows = [row for row, each in enumerate(stored) if each.picture in members]
        return Samples([stored[row] for row in rows], None if keypoints is None else keypoints[rows])

    return part(reid_set.train), part(reid_set.query), part(reid_set.gallery)


def _with_coordinates(samples: Samples, fit: FitBody, report: Report) -> Samples:
    """The samples with dense coordinates, where they have key points; how many have no body is logged."""
    if samples.keypoints is None:
        return samples
    fitting = lambda done, total: report("fitting bodies to key points", done, total)  # noqa: E731
    maps, nobody = fitted_iuv(samples.pictures, samples.keypoints, fit, fitting)
    log.info("no body was found on %d of %d pictures: their part images are empty", nobody, len(samples))
    return Samples(samples.pictures, samples.keypoints, maps)


def evaluated(samples: Samples, net: NetInput, *, threads: int = 1, ahead: int = 4, report: Report = silent) -> EvaluationPart:
    """Samples as a net sees them at test; bodies are fitted where it takes part images, which takes time.

    Args:
        samples: queries, or a gallery.
        net: what sees them.
        threads, ahead: see :class:`EvaluationPart`.
        report: told how far it is.
    """
    return EvaluationPart(
        samples if net.test_part_images is None else _with_coordinates(samples, net.fit, report),
        net.augment,
        net.size_hw,
        batch_size=net.test_batch,
        part_images=net.test_part_images,
        part_disturbance=net.test_disturbance,
        threads=threads,
        ahead=ahead,
    )
