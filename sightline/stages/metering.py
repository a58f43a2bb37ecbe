"""What a stage's calls of its model cost, as metrics."""

from __future__ import annotations

import time
from typing import Any

from numpy.typing import NDArray

from sightline.ports import Clock, Inference, Tensors
from sightline.telemetry import StreamMetrics


class MeteredInference:
    """An :class:`~sightline.ports.Inference` that records time and batch size of each call under a stage's name.

    It stands between batcher and server, so that what it counts are the calls that the server gets. Failed calls count too.
    """

    def __init__(self, inference: Inference, *, stage: str, metrics: StreamMetrics, clock: Clock = time.perf_counter) -> None:
        self._inference = inference
        self._seconds = metrics.stage_seconds.labels(stage)
        self._batch_size = metrics.batch_size.labels(stage)
        self._clock = clock

    async def infer(self, model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """See :class:`sightline.ports.Inference`."""
        self._batch_size.observe(max((len(array) for array in inputs.values()), default=0))
        begun = self._clock()
        try:
            return await self._inference.infer(model, inputs)
        finally:
            self._seconds.observe(self._clock() - begun)
