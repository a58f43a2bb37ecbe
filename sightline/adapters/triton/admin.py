"""Triton's model control: which models it has, loading and unloading, its version. Blocking is none; one event loop."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from sightline.adapters.triton.connection import SERVICE, call_headers, connect, status_of, triton_errors_mapped
from sightline.errors import ModelError, ServiceUnavailable
from sightline.settings import TritonSettings

LOAD_TIMEOUT_S = 120.0
"""Loading compiles and warms up: it may take longer than a call."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model as Triton sees it: ``state`` is READY, LOADING, UNLOADING, UNAVAILABLE, or empty if never loaded."""

    name: str
    version: str
    state: str
    reason: str


class TritonAdmin:
    """``async with TritonAdmin(settings) as admin``. All methods raise ServiceUnavailable where the server does not answer."""

    def __init__(self, settings: TritonSettings) -> None:
        self._settings = settings
        self._client: InferenceServerClient | None = None
        self._headers = call_headers(settings)

    async def __aenter__(self) -> Self:
        self._client = connect(self._settings)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def version(self) -> str:
        """The server's version."""
        with triton_errors_mapped("asking for its version"):
            metadata = await self._open.get_server_metadata(**self._options())
        return str(metadata.version)

    async def ready(self, model: str | None = None) -> bool:
        """Whether the server (or that model) answers questions now; False also where there is no server."""
        try:
            if model is None:
                return bool(await self._open.is_server_ready(**self._options()))
            return bool(await self._open.is_model_ready(model, **self._options()))
        except InferenceServerException:
            return False

    async def index(self) -> list[ModelState]:
        """All models that its repositories hold."""
        with triton_errors_mapped("listing its models"):
            index = await self._open.get_model_repository_index(**self._options())
        return [ModelState(model.name, model.version, model.state, model.reason) for model in index.models]

    async def executed_batches(self, model: str) -> dict[int, int]:
        """Batch size -> how many runs of that size the model made since it was loaded.

        Raises:
            ServiceUnavailable: there is no such model, or it is not loaded.
        """
        with triton_errors_mapped(f"asking for statistics of {model}"):
            answer = await self._open.get_inference_statistics(model, **self._options())
        return {int(run.batch_size): int(run.compute_infer.count) for one in answer.model_stats for run in one.batch_stats}

    async def load(self, model: str) -> None:
        """Load a model, or load it anew where its files have changed; ready when this returns.

        Raises:
            ModelError: Triton cannot load it; the message says why.
        """
        await self._control("loading", model, self._open.load_model)

    async def unload(self, model: str) -> None:
        """Unload a model; not an error where it is not loaded."""
        await self._control("unloading", model, self._open.unload_model)

    async def _control(self, doing: str, model: str, call: Any) -> None:
        with triton_errors_mapped(f"{doing} {model}"):
            try:
                await call(model, headers=self._headers, client_timeout=LOAD_TIMEOUT_S)
            except InferenceServerException as error:
                if status_of(error) == "INTERNAL":
                    raise ModelError(f"{SERVICE}: {error.message()} while {doing} {model}") from error
                raise

    @property
    def _open(self) -> InferenceServerClient:
        if self._client is None:
            raise ServiceUnavailable(SERVICE, "the client is not open: use it as `async with TritonAdmin(settings)`")
        return self._client

    def _options(self) -> dict[str, Any]:
        return {"headers": self._headers, "client_timeout": self._settings.timeout_s}
