"""Triton alone: calls of models that answer at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np

from benchmarks.made_up import DETECTOR, EMBEDDER
from benchmarks.spine_step import Step
from sightline.adapters.triton.inference import TritonInference
from sightline.settings import Settings
from sightline.spec import ModelSpec

BATCHES = (1, 4)
CROPS = 8


def steps(settings: Settings, count: int) -> Iterator[Step]:
    """Canvases alone and in batches, crops in batches."""
    for size in BATCHES:
        name = f"Triton: detector call with {size} canvas{'es' if size > 1 else ''}"
        yield _step(settings, name, DETECTOR, size, count=count // size)
    name = f"Triton: embedder call with {CROPS} crops"
    yield _step(settings, name, EMBEDDER, CROPS, count=count // CROPS)


def _step(settings: Settings, name: str, model: ModelSpec, size: int, *, count: int) -> Step:
    runner = asyncio.Runner()
    inference = TritonInference(settings.triton)
    inputs = {tensor.name: np.full((size, *tensor.shape[1:]), 114, np.uint8) for tensor in model.inputs}

    async def call(many: int) -> None:
        for _ in range(many):
            await inference.infer(model.name, inputs)

    async def open_warm() -> None:
        await inference.open()
        await call(10)

    def close() -> None:
        runner.run(inference.close())
        runner.close()

    runner.run(open_warm())
    return Step(name, "triton", "call", count, lambda: runner.run(call(count)), close)
