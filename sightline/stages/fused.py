"""A stage's way to its model within one process: batcher, then meter, then server."""

from __future__ import annotations

from sightline.ports import Inference
from sightline.settings import StageSettings
from sightline.stages.batching import MicroBatcher
from sightline.stages.metering import MeteredInference
from sightline.telemetry import StreamMetrics


def stage_inference(
    inference: Inference, settings: StageSettings, *, stage: str, metrics: StreamMetrics | None = None
) -> MicroBatcher:
    """What a stage class takes as its ``inference``: batches by the stage's settings, counted under its name.

    ``Detector(stage_inference(triton, settings.pipeline.detector, stage="detector", metrics=metrics), spec, min_score=…)``.
    Close the batcher when the stage is done with; the server's client is the caller's.
    """
    metered = inference if metrics is None else MeteredInference(inference, stage=stage, metrics=metrics)
    return MicroBatcher(metered, max_batch_size=settings.max_batch_size, max_wait_s=settings.max_wait_ms / 1000)
