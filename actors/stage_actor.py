"""The Ray actor round one stage: batches across all camera streams that call it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from typing import Any

from actors.shell import STOP_S, open_log
from actors.stages import open_stage, stages_in_use
from sightline.adapters.ray.cluster import node_address
from sightline.adapters.ray.metrics_targets import serve_metrics
from sightline.adapters.triton.inference import TritonInference
from sightline.errors import ConfigurationError, ServiceUnavailable
from sightline.models.selection import select_models
from sightline.settings import Settings
from sightline.telemetry import Registry, StreamMetrics
from sightline.types import Detections, Embeddings, Float32Array, UInt8Array

_ENDED_WITHIN_S = 5.0
"""After a stop. Who is still there then takes calls again."""


class StageActor:
    """An async actor: concurrent calls of many camera streams meet in one batcher. Holds no state of any frame."""

    def __init__(self, settings: Settings, stage: str, name: str, generation: str) -> None:
        self._settings = settings
        self._stage = stage
        self._generation = generation
        self._closing = AsyncExitStack()
        self._opened: Any = None
        self._opening = asyncio.Lock()
        self._calls = 0
        self._leaving = False
        self._idle = asyncio.Event()
        self._idle.set()
        open_log(settings, name)
        registry = Registry()
        self._metrics = StreamMetrics(registry)
        serve_metrics(settings, registry, job="sightline-stage", instance=name)

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        """See :class:`sightline.ports.Detector`."""
        with self._counted():
            found: list[Detections] = await (await self._open()).detect(canvases)
            return found

    async def estimate(self, crops: UInt8Array) -> Any:
        """See :class:`sightline.ports.PoseEstimator` and :class:`sightline.ports.DenseEstimator`, whichever it runs."""
        with self._counted():
            return await (await self._open()).estimate(crops)

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        """See :class:`sightline.ports.Embedder`."""
        with self._counted():
            embeddings: Embeddings = await (await self._open()).embed(crops, keypoints)
            return embeddings

    async def calls(self) -> int:
        """How many calls wait or are being answered."""
        return self._calls

    async def ping(self) -> bool:
        """Whether it takes calls: from when it runs until it is to stop; a call that comes all the same is answered."""
        return not self._leaving

    async def generation(self) -> str:
        """Of what it was made: see :func:`sightline.models.generation.generation_of`."""
        return self._generation

    async def describe(self) -> dict[str, Any]:
        """Which stage it runs, and where."""
        return {"state": "running", "pid": os.getpid(), "host": node_address(), "stage": self._stage, "calls": self._calls}

    async def stop(self) -> bool:
        """Finish what is at hand, as long as ``STOP_S``, and give up the connection; calls that still come open it again."""
        self._leaving = True
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), STOP_S)
            async with self._opening:
                await self._closing.aclose()
                self._opened = None
        finally:  # whoever stopped us ends this process now, unless it died itself: then there is work here again
            asyncio.get_running_loop().call_later(_ENDED_WITHIN_S, self._stay)
        return True

    def _stay(self) -> None:
        self._leaving = False

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._calls += 1
        self._idle.clear()
        try:
            yield
        except (asyncio.CancelledError, RuntimeError, ServiceUnavailable) as error:
            if not self._leaving:
                raise
            raise ServiceUnavailable("ray", "a stage actor went before it had answered") from error  # another one will
        finally:
            self._calls -= 1
            if self._calls == 0:
                self._idle.set()

    async def _open(self) -> Any:
        async with self._opening:
            if self._opened is None:
                self._opened = await self._connect()
        return self._opened

    async def _connect(self) -> Any:
        model = stages_in_use(select_models(self._settings)).get(self._stage)
        if model is None:
            raise ConfigurationError(f"there is no model for the stage {self._stage}: see `sightline models list`")
        inference = TritonInference(self._settings.triton)
        await inference.open()
        self._closing.push_async_callback(inference.close)
        return open_stage(
            self._stage, model, inference=inference, settings=self._settings, metrics=self._metrics, closing=self._closing
        )
