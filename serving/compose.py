"""The services over the real servers, as the settings name them."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from serving.cameras import CameraBoard
from serving.drawing import CropDrawing
from serving.lazy_gallery import LazyGallery
from serving.operations_render import Links
from serving.pool import BlockingPool
from serving.search import SearchService
from serving.services import Services
from sightline.adapters.blobs import open_blobs
from sightline.adapters.kafka.follow import TopicFollower
from sightline.adapters.milvus.gallery import MilvusGallery
from sightline.adapters.prometheus import PrometheusHistory
from sightline.adapters.ray.metrics_targets import announced_targets
from sightline.adapters.ray.stages import remote_stages
from sightline.adapters.triton.admin import TritonAdmin
from sightline.adapters.triton.inference import TritonInference
from sightline.decoding import ImageLimits
from sightline.errors import InputError, ServiceUnavailable
from sightline.models.selection import SelectedModels, select_models
from sightline.ports import Gallery, Inference
from sightline.settings import Settings
from sightline.stages.dense import DenseEstimator
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder
from sightline.stages.ladder import Degradations, Ladder
from sightline.stages.perception import Perception, Stages
from sightline.stages.pose import PoseEstimator
from sightline.telemetry import Registry, ServingMetrics
from sightline.wire import Record, camera_state_from_record

T = TypeVar("T")

_log = logging.getLogger(__name__)
_CAMERAS_S = 30.0
"""How long a replica waits for the cameras' states before it answers without them, as where Kafka is away."""


@dataclass(frozen=True, slots=True)
class _Connections:
    """What a replica opens before it answers, and closes at its end.

    Attributes:
        inference: None where the stages run in actors.
        watched: None where nobody watches.
    """

    inference: TritonInference | None
    follower: TopicFollower
    ladder: Ladder
    watched: PrometheusHistory | None
    pool: BlockingPool

    async def open(self) -> None:
        if self.inference is not None:
            await self.inference.open()
        self.follower.start()
        # Serve sends nobody here before this returns: where "it runs" was said, the cameras' figures are there.
        await self.pool.run(self.follower.wait_until_caught_up, _CAMERAS_S)

    def cameras_known(self) -> bool:
        return self.follower.caught_up

    async def close(self) -> None:
        await self.pool.run(self.follower.close)
        self.pool.close()
        await self.ladder.aclose()
        if self.inference is not None:
            await self.inference.close()
        if self.watched is not None:
            await self.watched.aclose()


def compose(settings: Settings, registry: Registry, *, generation: str) -> Services:
    """The services of one replica. Nothing is connected until they are opened, which ends when the cameras are known.

    Args:
        settings: of the deployment.
        registry: of this process's metrics.
        generation: whose stage actors are called, where the stages run in actors.

    Raises:
        ConfigurationError: a model is missing, or a server is not named.
        ModelError: a model's spec is broken.
    """
    models = select_models(settings)
    space = models.embedder.spec.embedding_space
    metrics = ServingMetrics(registry)
    here = TritonInference(settings.triton) if settings.pipeline.fused else None
    stages = stages_of(models, here, settings) if here else stages_elsewhere(models, settings, generation)
    board = CameraBoard(time.time)
    pool = BlockingPool()
    gallery = LazyGallery(partial(MilvusGallery.open, settings.milvus, space=space.name, dimension=space.dimension))
    perception = Perception(stages)
    connections = _Connections(
        inference=here,
        follower=TopicFollower(settings.kafka, settings.kafka.topic("camera_state"), partial(_hear, board)),
        ladder=Ladder(perception.probes(), Degradations(metrics.degradations)),
        watched=PrometheusHistory(settings.metrics.prometheus_url) if settings.metrics.prometheus_url else None,
        pool=pool,
    )

    async def ask(stage: str, call: Callable[[], Awaitable[T]]) -> T | None:
        return await connections.ladder.ask(stage, call, within_s=settings.serving.wait_for_optional_s)

    return Services(
        search=SearchService(
            perception,
            gallery,
            space=space,
            pool=pool,
            min_person_score=settings.serving.min_person_score,
            rerank_top=settings.serving.rerank_top,
            ask=ask,
            observe=lambda step, seconds: metrics.search_seconds.labels(step).observe(seconds),
        ),
        drawing=CropDrawing(perception, pool, ask=ask),
        gallery=gallery,
        blobs=open_blobs(settings),
        cameras=board,
        cameras_known=connections.cameras_known,
        pool=pool,
        registry=registry,
        metrics=metrics,
        limits=_limits(settings),
        attributes=models.embedder.spec.attributes,
        metrics_history=connections.watched,
        links=Links(settings.metrics.grafana_url, settings.metrics.docs_url),
        metrics_targets=partial(announced_targets, settings),
        checks={
            "gallery": partial(_gallery_answers, gallery, pool),
            "models": partial(_models_answer, settings, models, stages),
        },
        max_searches=settings.serving.max_searches,
        open=connections.open,
        close=connections.close,
    )


def stages_of(models: SelectedModels, inference: Inference, settings: Settings) -> Stages:
    """The stages of the questions in their own process: as the stream's, each picture by itself."""
    return _with_specs(
        models,
        detector=Detector(inference, models.detector.spec, min_score=settings.detection.min_score),
        embedder=Embedder(inference, models.embedder.spec),
        pose=PoseEstimator(inference, models.pose.spec) if models.pose else None,
        dense=DenseEstimator(inference, models.dense.spec) if models.dense else None,
    )


def stages_elsewhere(models: SelectedModels, settings: Settings, generation: str) -> Stages:
    """The stages of the questions as the stream's actors: where those do not run in the camera streams, they are shared."""
    wanted = ["detector", "embedder", *(["pose"] if models.pose else []), *(["dense"] if models.dense else [])]
    return _with_specs(models, **remote_stages(settings, wanted, generation=generation))


def _with_specs(models: SelectedModels, *, detector: Any, embedder: Any, pose: Any = None, dense: Any = None) -> Stages:
    return Stages(
        detector=detector,
        detector_spec=models.detector.spec,
        embedder=embedder,
        embedder_spec=models.embedder.spec,
        pose=pose,
        pose_spec=models.pose.spec if models.pose else None,
        dense=dense,
        dense_spec=models.dense.spec if models.dense else None,
    )


def _limits(settings: Settings) -> ImageLimits:
    """Those of published frames, but for the bytes."""
    frames = ImageLimits.from_settings(settings.stream)
    return ImageLimits(settings.serving.max_upload_bytes, frames.max_pixels, frames.max_side)


def _hear(board: CameraBoard, record: Record) -> None:
    if record.value is None:
        board.remove((record.key or b"").decode(errors="replace"))
        return
    try:
        board.update(camera_state_from_record(record), committed_at_s=record.timestamp_ms / 1000)
    except InputError as error:
        _log.warning("a camera's state is passed over: %s", error)


async def _gallery_answers(gallery: Gallery, pool: BlockingPool) -> None:
    await pool.run(gallery.newest, limit=1)


async def _models_answer(settings: Settings, models: SelectedModels, stages: Stages) -> None:
    """Those that cannot be gone without."""
    if not settings.pipeline.fused:  # an empty batch: the stage answers, and no model works
        _, *embedder_hw = models.embedder.spec.input("crop").shape
        await stages.detector.detect(np.empty((0, *models.detector.spec.canvas_hw, 3), np.uint8))
        await stages.embedder.embed(np.empty((0, *embedder_hw), np.uint8))
        return
    needed = [model.spec.name for model in (models.detector, models.embedder)]
    async with TritonAdmin(settings.triton) as admin:
        absent = [name for name in needed if not await admin.ready(name)]
    if absent:
        raise ServiceUnavailable("triton", f"not ready: {', '.join(absent)}; see `sightline models list`")
