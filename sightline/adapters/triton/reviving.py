"""Models whose process within Triton has died.

Triton's Python backend keeps such a model "ready", and answers each call of it with "not healthy" until somebody loads it
anew: nobody else does, so the client that sees it first does.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from sightline.adapters.triton.admin import LOAD_TIMEOUT_S
from sightline.adapters.triton.connection import status_of

logger = logging.getLogger(__name__)


def is_dead(error: InferenceServerException) -> bool:
    """Whether the call failed because the model's process has died."""
    return status_of(error) == "INTERNAL" and "is not healthy" in str(error.message())


class Reviver:
    """Loads dead models anew, each once at a time however many calls saw it dead."""

    def __init__(self, client: InferenceServerClient, *, headers: dict[str, str] | None) -> None:
        self._client = client
        self._options: dict[str, Any] = {"headers": headers, "client_timeout": LOAD_TIMEOUT_S}
        self._loading: dict[str, asyncio.Task[None]] = {}

    async def revive(self, model: str) -> None:
        """Load a model anew and wait for it. A server that does not do it (model control may be off) is logged, not raised."""
        if model not in self._loading:
            task = asyncio.get_running_loop().create_task(self._load(model))
            self._loading[model] = task
            task.add_done_callback(lambda _: self._loading.pop(model))
        await asyncio.shield(self._loading[model])  # a caller that gives up does not take the model from the others

    async def close(self) -> None:
        """Give up what is being loaded."""
        loading = list(self._loading.values())
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)

    async def _load(self, model: str) -> None:
        logger.warning("the process of model %s has died within Triton: loading it anew", model)
        try:
            # Loading alone does nothing where Triton sees no file changed since the last time.
            await self._client.unload_model(model, **self._options)
            await self._client.load_model(model, **self._options)
        except InferenceServerException as error:
            logger.error("triton did not load %s anew (%s): restart it", model, error)
