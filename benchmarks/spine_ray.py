"""Ray alone: calls of an actor that answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import ray

from benchmarks.spine_step import Step
from sightline.adapters.ray.cluster import connect
from sightline.adapters.ray.stages import RemoteStage
from sightline.settings import Settings
from sightline.threads import SINGLE_THREADED
from sightline.types import Detections, UInt8Array

SIDE_BY_SIDE = 8


class AtOnce:
    """An async actor, as the stage actors are."""

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        """Nobody."""
        return [Detections.empty() for _ in canvases]


def steps(settings: Settings, count: int) -> Iterator[Step]:
    """One call after another, and several side by side."""
    connect(settings)
    actor = ray.remote(AtOnce).options(num_cpus=0, max_concurrency=64, runtime_env={"env_vars": dict(SINGLE_THREADED)}).remote()
    stage = RemoteStage(lambda: {"stage": actor}, look_again_s=float("inf"))
    canvas = np.full((1, 416, 416, 3), 114, np.uint8)

    async def calls(many: int) -> None:
        for _ in range(many):
            await stage.detect(canvas)

    async def crowd() -> None:
        await asyncio.gather(*(calls(count // SIDE_BY_SIDE) for _ in range(SIDE_BY_SIDE)))

    asyncio.run(calls(20))
    yield Step("Ray: actor call with a 416x416 canvas", "ray", "frame", count, lambda: asyncio.run(calls(count)))
    name = f"Ray: the same, {SIDE_BY_SIDE} side by side"
    rounded = count // SIDE_BY_SIDE * SIDE_BY_SIDE
    yield Step(name, "ray", "frame", rounded, lambda: asyncio.run(crowd()), lambda: ray.kill(actor))
