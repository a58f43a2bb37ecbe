"""What ``sightline models promote`` leans on: the servers of the settings, opened for as long as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sightline.adapters.blobs import open_blobs
from sightline.adapters.milvus import MilvusGallery
from sightline.adapters.triton import TritonInference
from sightline.cli.console import stderr, stdout
from sightline.cli.progress import StepDisplay
from sightline.decoding import ImageLimits
from sightline.models.repository import InstalledModel
from sightline.models.selection import select_models
from sightline.rollout.catching_up import CaughtUp, Reembed, catch_up
from sightline.rollout.promoting import Recording
from sightline.rollout.reembedding import Reembedder
from sightline.settings import Settings, load_settings
from sightline.spec import ModelSpec
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder
from sightline.stages.fused import stage_inference
from sightline.stages.perception import Perception, Stages
from sightline.stages.pose import PoseEstimator
from sightline.types import Sighting


@contextmanager
def opened_gallery(settings: Settings, spec: ModelSpec) -> Iterator[MilvusGallery]:
    """The collection of an embedder's space."""
    space = spec.embedding_space
    gallery = MilvusGallery.open(settings.milvus, space=space.name, dimension=space.dimension)
    try:
        yield gallery
    finally:
        gallery.close()


@contextmanager
def opened_reembedding(settings: Settings, model: InstalledModel) -> Iterator[Reembed]:
    """Re-embeds with a model on Triton; blocking calls, from one thread."""
    with asyncio.Runner() as runner:
        inference = TritonInference(settings.triton)
        runner.run(inference.open())
        batcher = stage_inference(inference, settings.pipeline.embedder, stage="embedder")
        try:
            reembedder = Reembedder(
                Perception(_stages(inference, Embedder(batcher, model.spec), model.spec, settings)),
                open_blobs(settings),
                ImageLimits.from_settings(settings.stream),
                uses_pose=any(tensor.name == "keypoints" for tensor in model.spec.inputs),
            )

            def reembed(sightings: Sequence[Sighting]) -> list[Sighting | None]:
                return runner.run(reembedder.reembed(sightings))

            yield reembed
        finally:
            runner.run(batcher.close())
            runner.run(inference.close())


def _stages(inference: TritonInference, embedder: Embedder, spec: ModelSpec, settings: Settings) -> Stages:
    models = select_models(settings)
    return Stages(
        detector=Detector(inference, models.detector.spec, min_score=settings.detection.min_score),
        detector_spec=models.detector.spec,
        embedder=embedder,
        embedder_spec=spec,
        pose=PoseEstimator(inference, models.pose.spec) if models.pose else None,
        pose_spec=models.pose.spec if models.pose else None,
    )


class CatchingUp:
    """Brings a space up to one recording after the other, with a progress bar; ``with`` it."""

    def __init__(self, gallery: MilvusGallery, reembed: Reembed) -> None:
        self._gallery = gallery
        self._reembed = reembed
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
        self._progress = Progress(*columns, console=stderr)
        self._rounds = 0

    def __call__(self, recording: Recording) -> CaughtUp:
        self._rounds += 1
        what = "embedding what was seen" if self._rounds == 1 else f"what came meanwhile ({self._rounds - 1})"
        with self._progress:
            task = self._progress.add_task(what, total=2 * recording.offsets)
            done = catch_up(
                recording,
                self._gallery,
                self._reembed,
                space=self._gallery.space,
                on_progress=lambda count: self._progress.advance(task, count),
            )
            self._progress.update(task, completed=2 * recording.offsets)
        return done


def deploy(config: Path | None) -> None:
    """Tell stream and questions, if they run, of the settings as they are now."""
    from infra.local import parts
    from infra.local.services import servers
    from infra.local.stack import LocalStack

    settings = load_settings(config)
    stack = LocalStack(settings, servers(settings))
    if parts.deployed_url(stack.state_dir) is None:
        stdout.print("Stream and questions are not deployed: `sightline up` starts them with it.", highlight=False)
        return
    with StepDisplay() as display:
        parts.bring_up(stack.settings, stack.state_dir, display.report)


def describe(done: CaughtUp) -> list[str]:
    """What was embedded again, in lines."""
    lines = [f"{done.embedded} sightings embedded again, {done.present} were there already"]
    for count, what in (
        (done.taken_over, "were recorded in this space"),
        (done.without_crop, "are left out: their crop is gone"),
        (done.unfit, "records are unfit and left out"),
    ):
        if count:
            lines.append(f"{count} {what}")
    return lines
