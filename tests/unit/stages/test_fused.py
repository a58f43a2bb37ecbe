from __future__ import annotations

import asyncio

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from sightline.errors import ServiceUnavailable
from sightline.settings import StageSettings
from sightline.stages.embedder import Embedder
from sightline.stages.fused import stage_inference
from sightline.telemetry import StreamMetrics
from sightline.testing import FakeInference, FakeModel


@pytest.fixture
def registry():
    return CollectorRegistry()


async def test_a_fused_stage_batches_by_its_settings_and_is_counted(specs, registry):
    spec = specs.make("embedder", embedding=(-1, 4))
    server = FakeInference(FakeModel(spec, lambda inputs: {"embedding": np.ones((len(inputs["crop"]), 4), np.float32)}))
    settings = StageSettings(max_batch_size=4, max_wait_ms=50)
    batched = stage_inference(server, settings, stage="embedder", metrics=StreamMetrics(registry))
    embedder = Embedder(batched, spec)
    crops = np.zeros((2, 16, 8, 3), np.uint8)
    await asyncio.gather(*(embedder.embed(crops) for _ in range(3)))
    await batched.close()
    assert sorted(size for _, size in server.calls) == [2, 4]
    assert registry.get_sample_value("sightline_batch_size_sum", {"stage": "embedder"}) == 6
    assert registry.get_sample_value("sightline_stage_seconds_count", {"stage": "embedder"}) == 2


async def test_failed_calls_are_counted_too(specs, registry):
    spec = specs.make("embedder", embedding=(-1, 4))
    server = FakeInference()
    batched = stage_inference(server, StageSettings(max_wait_ms=0), stage="embedder", metrics=StreamMetrics(registry))
    with pytest.raises(ServiceUnavailable):
        await Embedder(batched, spec).embed(np.zeros((1, 16, 8, 3), np.uint8))
    assert registry.get_sample_value("sightline_stage_seconds_count", {"stage": "embedder"}) == 1
