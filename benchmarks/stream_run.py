"""One replay by the deployed product: from the first frame read to the last transaction, and what each part cost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray

from actors import pipeline
from benchmarks.committed import Commits, read_commits, read_sightings
from benchmarks.consumption import CpuReading, read_cpu
from benchmarks.model_calls import executed_batches
from benchmarks.product import Product
from benchmarks.publishing import publish_all, wait_until_committed
from benchmarks.reporting import say
from sightline.adapters.ray.cluster import connect
from sightline.adapters.triton.inference import TritonInference
from sightline.models.selection import SelectedModels, select_models
from sightline.settings import Settings
from sightline.types import EncodedFrame, Sighting

_LOOK_EVERY_S = 0.02
_WARM_UP_SIZES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay took.

    Attributes:
        settings, models: of the run.
        frames: published and seen.
        wall_s: from the first frame read to the last transaction.
        cpu_s: part -> CPU seconds in that time.
        batches: model -> batch size -> executions.
        sightings: that it made.
    """

    settings: Settings
    models: SelectedModels
    frames: int
    wall_s: float
    cpu_s: Mapping[str, float]
    batches: Mapping[str, Counter[int]]
    sightings: Sequence[Sighting]

    @property
    def fps(self) -> float:
        """Frames a second, end to end."""
        return self.frames / self.wall_s


def replay(product: Product, frames: Sequence[EncodedFrame], **overrides: Any) -> Replay:
    """Publish all frames, then deploy the stream in replay mode and let it work them off; the models are warmed up."""
    settings = product.run(stream={"mode": "replay"}, **overrides)
    models = select_models(settings)
    say(f"{len(frames)} frames into Kafka")
    publish_all(settings, frames)
    warm_models(settings, models)
    before = executed_batches(settings, models)
    start = _Start(settings, product)
    start.watch()
    pipeline.deploy(settings)
    began_s, cpu_before = start.wait()
    wait_until_committed(settings, timeout_s=600)
    cpu_s = read_cpu(_parts(settings, product)).since(cpu_before)
    after = executed_batches(settings, models)
    commits = read_commits(settings)
    _check(commits, len(frames))
    sightings = read_sightings(settings)
    pipeline.remove(settings)
    batches = {name: after[name] - before[name] for name in after}
    return Replay(settings, models, len(frames), commits.last_s - began_s, cpu_s, batches, sightings)


class _Start:
    """Notices when the camera stream has read its first frame: to 20 ms, and never too late."""

    def __init__(self, settings: Settings, product: Product) -> None:
        self._settings = settings
        self._product = product
        self._found: tuple[float, CpuReading] | None = None
        self._thread = threading.Thread(target=self._look, daemon=True)

    def watch(self) -> None:
        connect(self._settings)
        self._thread.start()

    def wait(self) -> tuple[float, CpuReading]:
        """Unix time of the start, and the CPU seconds that each part had used by then."""
        self._thread.join()
        assert self._found is not None, "the thread ends when it has found it"
        return self._found

    def _look(self) -> None:
        stream: Any = None
        looked_s = time.time()
        while True:
            earlier_s, looked_s = looked_s, time.time()
            stream = stream or _actor(self._settings, "camera-stream-0")
            if stream is not None and ray.get(stream.describe.remote())["in_flight"]:
                self._found = earlier_s, read_cpu(_parts(self._settings, self._product))
                return
            time.sleep(_LOOK_EVERY_S)


def _actor(settings: Settings, name: str) -> Any:
    try:
        return ray.get_actor(name, namespace=settings.ray.namespace)
    except ValueError:
        return None


def _parts(settings: Settings, product: Product) -> dict[str, int]:
    """Part -> its first process: servers, and the actors by name."""
    actors = {name: account["pid"] for name, account in pipeline.describe(settings).items() if "pid" in account}
    return product.server_pids() | actors


def _check(commits: Commits, frames: int) -> None:
    if (commits.seen, commits.shed, commits.dead) != (frames, 0, 0):
        raise ValueError(f"expected {frames} frames seen, got {commits}")


def warm_models(settings: Settings, models: SelectedModels) -> None:
    """A few calls of each model at each usual size: the first ones allocate."""
    asyncio.run(_warm(settings, models))


async def _warm(settings: Settings, models: SelectedModels) -> None:
    inference = TritonInference(settings.triton)
    await inference.open()
    try:
        for model in (models.detector, models.embedder):
            for size in _WARM_UP_SIZES * 2:
                inputs = {tensor.name: np.zeros((size, *tensor.shape[1:]), tensor.dtype) for tensor in model.spec.inputs}
                await inference.infer(model.spec.name, inputs)
    finally:
        await inference.close()
