"""The stages opened as the settings say: in this process (fused), or as actors elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from sightline.adapters.triton.inference import TritonInference
from sightline.models.repository import InstalledModel
from sightline.models.selection import SelectedModels, select_models
from sightline.ports import Inference
from sightline.settings import Settings
from sightline.stages.dense import DenseEstimator
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder
from sightline.stages.fused import stage_inference
from sightline.stages.perception import Stages
from sightline.stages.pose import PoseEstimator
from sightline.telemetry import StreamMetrics

Make = Callable[[Inference, InstalledModel, Settings], Any]

STAGES: Mapping[str, Make] = {
    "detector": lambda inference, model, settings: Detector(inference, model.spec, min_score=settings.detection.min_score),
    "dense": lambda inference, model, _: DenseEstimator(inference, model.spec),
    "pose": lambda inference, model, _: PoseEstimator(inference, model.spec),
    "embedder": lambda inference, model, _: Embedder(inference, model.spec),
}
"""Stage -> how it is made of an inference and its model; the names are those of ``settings.pipeline``."""

Elsewhere = Callable[[Sequence[str]], Mapping[str, Any]]
"""The names of stages -> the ports to their actors."""


def stages_in_use(models: SelectedModels) -> dict[str, InstalledModel]:
    """Stage -> its model, for the stages that are on."""
    every = {name: getattr(models, name) for name in STAGES}
    return {name: model for name, model in every.items() if model is not None}


@asynccontextmanager
async def open_stages(settings: Settings, metrics: StreamMetrics, elsewhere: Elsewhere | None = None) -> AsyncIterator[Stages]:
    """The stages for one camera stream; ``elsewhere`` None = fused, in this process.

    Raises:
        ConfigurationError, ModelError: models are missing or broken.
    """
    models = select_models(settings)
    async with AsyncExitStack() as closing:
        made: Mapping[str, Any]
        if elsewhere is None:
            made = await _fused(settings, stages_in_use(models), metrics, closing)
        else:
            made = elsewhere(tuple(stages_in_use(models)))
        yield Stages(
            detector=made["detector"],
            detector_spec=models.detector.spec,
            embedder=made["embedder"],
            embedder_spec=models.embedder.spec,
            pose=made.get("pose"),
            pose_spec=models.pose.spec if models.pose else None,
            dense=made.get("dense"),
            dense_spec=models.dense.spec if models.dense else None,
        )


async def _fused(
    settings: Settings, models: Mapping[str, InstalledModel], metrics: StreamMetrics, closing: AsyncExitStack
) -> dict[str, Any]:
    inference = TritonInference(settings.triton)
    await inference.open()
    closing.push_async_callback(inference.close)
    opened = partial(open_stage, inference=inference, settings=settings, metrics=metrics, closing=closing)
    return {name: opened(name, model) for name, model in models.items()}


def open_stage(
    name: str,
    model: InstalledModel,
    *,
    inference: Inference,
    settings: Settings,
    metrics: StreamMetrics,
    closing: AsyncExitStack,
) -> Any:
    """One stage with a batcher of its own before its model; ``closing`` gives it up."""
    batcher = stage_inference(inference, getattr(settings.pipeline, name), stage=name, metrics=metrics)
    closing.push_async_callback(batcher.close)
    return STAGES[name](batcher, model, settings)
