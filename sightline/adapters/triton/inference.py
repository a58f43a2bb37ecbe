"""The port ``Inference`` on Triton."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferInput, InferResult
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from sightline.adapters.triton.connection import SERVICE, call_headers, connect, status_of, triton_errors_mapped
from sightline.adapters.triton.region_pool import RegionPool, SharedMemoryRefused
from sightline.adapters.triton.regions import padded
from sightline.adapters.triton.reviving import Reviver, is_dead
from sightline.errors import ModelError, ServiceError, ServiceUnavailable
from sightline.ports import Tensors
from sightline.settings import TritonSettings

logger = logging.getLogger(__name__)

INLINE_BELOW_BYTES = 64 * 1024
"""Smaller inputs travel in the gRPC message itself. Outputs always do: the contract's are a few kilobytes, and into an
output region a call that was given up could still write while the next one reads."""


class TritonInference:
    """Models on a Triton server. Open and used on one event loop; calls may run concurrently.

    Inputs travel through shared memory where server and client share a machine: a picture is then copied once, not into
    a message, through a socket and out of it. ``triton.shared_memory = auto`` falls back to messages, once and with a
    warning, where the server cannot see our memory.
    """

    def __init__(self, settings: TritonSettings, *, max_regions: int = 8) -> None:
        self._settings = settings
        self._max_regions = max_regions
        self._client: InferenceServerClient | None = None
        self._pool: RegionPool | None = None
        self._reviver: Reviver | None = None
        self._options: dict[str, Any] = {"headers": call_headers(settings), "client_timeout": settings.timeout_s}

    async def open(self) -> None:
        """Connect. A server that is not there yet is no error here: calls raise ServiceUnavailable until it is.

        Raises:
            ConfigurationError: no server is named.
        """
        self._client = connect(self._settings)
        self._reviver = Reviver(self._client, headers=self._options["headers"])
        if wants_shared_memory(self._settings):
            self._pool = RegionPool(
                self._client,
                headers=self._options["headers"],
                timeout_s=self._settings.timeout_s,
                limit=self._max_regions,
            )
            try:
                await self._pool.open()
            except ServiceUnavailable as error:
                logger.info("what dead processes left in shared memory stays until the next start: %s", error)

    async def close(self) -> None:
        """Give up shared memory and the connection; safe to call twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()
        reviver, self._reviver = self._reviver, None
        if reviver is not None:
            await reviver.close()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def infer(self, model: str, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """Run one batch, see :class:`sightline.ports.Inference`. The arrays returned are read-only.

        Raises:
            ServiceUnavailable: the server or the model cannot answer now, or did not within ``triton.timeout_s``.
            ModelError: the server refused the tensors.
            ServiceError: the server refused us.
        """
        client = self._require_open()
        arrays = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        size = sum(padded(array.nbytes) for array in arrays.values())
        pool = self._pool
        if pool is None or size < INLINE_BELOW_BYTES:
            return await self._infer_inline(client, model, arrays)
        try:
            return await self._infer_shared(client, pool, model, arrays, size)
        except SharedMemoryRefused as error:
            if self._settings.shared_memory == "on":
                raise ServiceError(SERVICE, f"no shared memory ({error}): set triton.shared_memory to off") from error
            logger.warning("no shared memory with the server (%s): tensors travel in messages from here on", error)
            self._pool = None
            await pool.close()
            return await self._infer_inline(client, model, arrays)

    def _require_open(self) -> InferenceServerClient:
        if self._client is None:
            raise ServiceUnavailable(SERVICE, "the client is not open: call open() first")
        return self._client

    async def _infer_inline(self, client: InferenceServerClient, model: str, arrays: Tensors) -> dict[str, NDArray[Any]]:
        tensors = [_declare(name, array) for name, array in arrays.items()]
        for tensor, array in zip(tensors, arrays.values(), strict=True):
            tensor.set_data_from_numpy(array)
        return await self._run(client, model, tensors)

    async def _infer_shared(
        self, client: InferenceServerClient, pool: RegionPool, model: str, arrays: Tensors, size: int
    ) -> dict[str, NDArray[Any]]:
        tensors = [_declare(name, array) for name, array in arrays.items()]
        async with pool.lend(size) as region:
            offsets = region.write(list(arrays.values()))
            for tensor, array, offset in zip(tensors, arrays.values(), offsets, strict=True):
                tensor.set_shared_memory(region.name, array.nbytes, offset)
            try:
                return await self._run(client, model, tensors)
            except _RegionForgotten:
                await pool.register(region)  # the server has been restarted
                return await self._run(client, model, tensors)

    async def _run(self, client: InferenceServerClient, model: str, tensors: Sequence[InferInput]) -> dict[str, NDArray[Any]]:
        with triton_errors_mapped(f"running {model}"):
            try:
                result = await client.infer(model, tensors, **self._options)
            except InferenceServerException as error:
                if _forgot_region(error):
                    raise _RegionForgotten(SERVICE, str(error.message())) from error
                if is_dead(error) and self._reviver is not None:
                    await self._reviver.revive(model)  # for the caller's next attempt
                raise
        return _read(model, result)


class _RegionForgotten(ServiceUnavailable):
    """The server does not know our shared memory region: it has been restarted."""


def wants_shared_memory(settings: TritonSettings) -> bool:
    """Whether to try shared memory: as set, else where the server is local."""
    if settings.shared_memory != "auto":
        return settings.shared_memory == "on"
    return is_local(settings)


def is_local(settings: TritonSettings) -> bool:
    """Whether the server's address is a loopback address of this machine."""
    host = (settings.url or "").rsplit(":", 1)[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _declare(name: str, array: NDArray[Any]) -> InferInput:
    datatype = np_to_triton_dtype(array.dtype)
    if datatype is None:
        raise ModelError(f"input {name!r}: expected a tensor of numbers, got {array.dtype}")
    return InferInput(name, list(array.shape), datatype)


def _read(model: str, result: InferResult) -> dict[str, NDArray[Any]]:
    names = [output.name for output in result.get_response().outputs]
    try:
        return {name: result.as_numpy(name) for name in names}
    except ValueError as error:  # Triton's Python backend sends empty tensors where its own environment has numpy 2
        raise ModelError(f"{model}: an output is not as large as its shape says (numpy 2 beside Triton?): {error}") from error


def _forgot_region(error: InferenceServerException) -> bool:
    return status_of(error) == "NOT_FOUND" and "shared memory region" in str(error.message())
