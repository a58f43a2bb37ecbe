"""Retrieval of people who stand behind things, with dense coordinates on and off.

python -m benchmarks.occlusion                    the full run on the models that come with Sightline
python -m benchmarks.occlusion --models FOLDER    on those of another repository
python -m benchmarks.occlusion --quick            a smoke run
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.occlusion_run import Mode, Person, Watch, by_boxes, by_net, by_truth, moments
from benchmarks.reporting import Cell, Report, Table, say
from sightline.cameras.synthetic.world import World
from sightline.errors import ConfigurationError
from sightline.models.local_inference import LocalInference
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.ranking import evaluate_ranking
from sightline.settings import PACKAGED_MODELS, Settings, load_settings
from sightline.stages.dense import DenseEstimator
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder
from sightline.stages.perception import Perception, Stages
from sightline.stages.pose import PoseEstimator
from sightline.types import Detections, UInt8Array

METHOD = """\
People of the synthetic world walk through rooms with counters, benches and columns, before cameras at {fps:g} frames a second.
The sampler of the stream chooses each track's crops: by the boxes alone (dense off), by what the bundle's dense model sees of
each person (dense on), and by the exact coordinates (what a perfect model would bring). All see the same frames and detections.
Queries are detections drawn at random, the same for all; right answers are crops of the same person in another camera, as in
Market-1501's protocol. A query is occluded where less than {occluded:.0%} of the silhouette is seen."""

FPS = 4.0
OCCLUDED = 0.7
SEED = 20


def opened(repository: ModelRepository) -> tuple[Perception, list[InstalledModel], bool]:
    """The stages of a bundle, its models, and whether it has a detector.

    Raises:
        ConfigurationError: it has no embedder, or several.
    """
    embedder = repository.resolve("embedder")
    detector, pose, dense = (repository.optional(kind) for kind in ("detector", "keypoints", "densepose"))
    models = [model for model in (detector, pose, dense, embedder) if model is not None]
    inference = LocalInference.load(models)
    stages = Stages(
        detector=Detector(inference, detector.spec, min_score=0.1) if detector else _NoDetector(),
        detector_spec=detector.spec if detector else embedder.spec,
        embedder=Embedder(inference, embedder.spec),
        embedder_spec=embedder.spec,
        pose=PoseEstimator(inference, pose.spec) if pose else None,
        pose_spec=pose.spec if pose else None,
        dense=DenseEstimator(inference, dense.spec) if dense else None,
        dense_spec=dense.spec if dense else None,
    )
    return Perception(stages), models, detector is not None


class _NoDetector:
    """Stands where a bundle has no detector; the truth's boxes are taken then, and nobody asks it."""

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        raise ConfigurationError("this bundle has no detector")


async def watched(perception: Perception, *, detects: bool, settings: Settings, quick: bool) -> tuple[list[Mode], Watch]:
    """All modes, after all cameras."""
    modes = [Mode("dense off", by_boxes)]
    if perception.has_dense:
        modes.append(Mode("dense on", by_net(perception)))
    modes.append(Mode("exact coordinates", by_truth))
    watch = Watch(perception, detects=detects, settings=settings, modes=modes, random=np.random.default_rng(SEED))
    for view in World(SEED, cameras=2 if quick else 4).views:
        say(f"camera {view.name}")
        await watch.camera(view, list(moments(10 if quick else 90, fps=FPS)))
    return modes, watch


def row_of(mode: Mode, queries: Sequence[Person]) -> tuple[Cell, ...]:
    """A mode's figures with these queries: rank-1 and mAP, parts of a hundred; empty where none can be answered."""
    gallery = [person for person in mode.kept if person.pid]
    answerable = [query for query in queries if any(p.pid == query.pid and p.camera != query.camera for p in gallery)]
    if not answerable:
        return (mode.name, 0, None, None)
    everybody = mode.kept
    distances = 1 - _vectors(answerable) @ _vectors(everybody).T
    result = evaluate_ranking(
        distances, *(_numbers(people, what) for what in ("pid", "camera") for people in (answerable, everybody))
    )
    return (mode.name, len(answerable), 100 * float(result.cmc[0]), 100 * result.mean_ap)


def _vectors(people: Sequence[Person]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.stack([person.embedding for person in people])


def _numbers(people: Sequence[Person], what: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array([getattr(person, what) for person in people], np.int64)


def crops_row(mode: Mode) -> tuple[Cell, ...]:
    """What a mode kept: crops, how many of them are occluded, and at how many it looked."""
    hidden = sum(person.visible < OCCLUDED for person in mode.kept)
    return (mode.name, mode.looked, len(mode.kept), 100 * hidden / max(1, len(mode.kept)))


def main() -> int:
    """Measure and report; 1 where there is no bundle to measure."""
    made = parser(__doc__)
    made.add_argument("--models", type=Path, default=PACKAGED_MODELS, help="the model repository (default: the packaged one)")
    arguments = made.parse_args()
    cv2.setNumThreads(1)
    try:
        perception, models, detects = opened(ModelRepository([arguments.models]))
    except ConfigurationError as error:
        say(f"nothing to measure: {error}")
        return 1
    modes, watch = asyncio.run(
        watched(perception, detects=detects, settings=load_settings(stream={"mode": "replay"}), quick=arguments.quick)
    )
    columns = ("crops chosen by", "queries", "rank-1 %", "mAP %")
    hidden = [query for query in watch.queries if query.visible < OCCLUDED]
    notes = [f"models: {', '.join(f'{model.spec.name} v{model.spec.version}' for model in models)}"]
    notes += [] if detects else ["the bundle has no detector: the true boxes were taken"]
    notes += [] if perception.has_dense else ["the bundle has no dense model: its row is missing"]
    Report(
        name="occlusion",
        title="Occluded people, with dense coordinates on and off",
        method=METHOD.format(fps=FPS, occluded=OCCLUDED),
        tables=[
            Table("The crops", ("crops chosen by", "looked at", "kept", "of them occluded %"), [crops_row(m) for m in modes]),
            Table("All queries", columns, [row_of(mode, watch.queries) for mode in modes]),
            Table("Occluded queries", columns, [row_of(mode, hidden) for mode in modes]),
        ],
        machine=machine_facts(),
        notes=notes,
    ).publish(output_folder(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
