"""A bounded pool of shared memory regions that one Triton server knows."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from sightline.adapters.triton import regions
from sightline.adapters.triton.connection import status_of, triton_errors_mapped
from sightline.adapters.triton.regions import Region

logger = logging.getLogger(__name__)

SMALLEST = 1 << 20
"""Bytes; regions double in size from here."""


LASTING = frozenset({"INTERNAL", "INVALID_ARGUMENT", "UNIMPLEMENTED", "PERMISSION_DENIED", "UNAUTHENTICATED"})
"""How Triton says that it cannot open our memory; other statuses may pass."""


class SharedMemoryRefused(Exception):
    """This machine has no shared memory to give, or the server cannot open it. Stays within this package."""


class RegionPool:
    """Lends regions, at most ``limit`` at a time; who comes later waits.

    A region is kept for the next call of its size and given up by ``close`` alone: Triton refuses to forget one that a
    request still uses, even a request whose caller has given up.
    """

    def __init__(self, client: InferenceServerClient, *, headers: dict[str, str] | None, timeout_s: float, limit: int) -> None:
        self._client = client
        self._options = {"headers": headers, "client_timeout": timeout_s}
        self._slots = asyncio.Semaphore(limit)
        self._free: dict[int, list[Region]] = defaultdict(list)
        self._all: list[Region] = []

    async def open(self) -> None:
        """Clear away what dead processes left, on this machine and in the server.

        Raises:
            ServiceUnavailable: the server does not answer.
        """
        swept = regions.sweep()
        if swept:
            logger.info("removed %d shared memory regions of dead processes", len(swept))
        with triton_errors_mapped("asking for its shared memory regions"):
            known = (await self._client.get_system_shared_memory_status(**self._options)).regions
        for name in known:
            if name.startswith(regions.PREFIX) and not regions.exists(name):
                await self._forget(name)

    @asynccontextmanager
    async def lend(self, size: int) -> AsyncIterator[Region]:
        """A registered region of at least ``size`` bytes, for the length of one call.

        Raises:
            SharedMemoryRefused: see there.
            ServiceUnavailable: the server does not answer.
        """
        async with self._slots:
            free = self._free[_capacity(size)]
            region = free.pop() if free else await self._create(_capacity(size))
            try:
                yield region
            finally:
                self._free[region.capacity].append(region)

    async def register(self, region: Region) -> None:
        """Tell the server of a region (again: it forgets them all when it restarts).

        Raises:
            SharedMemoryRefused: the server cannot open it.
            ServiceUnavailable: the server does not answer.
        """
        with triton_errors_mapped(f"registering {region.capacity} bytes of shared memory"):
            try:
                await self._client.register_system_shared_memory(region.name, region.key, region.capacity, **self._options)
            except InferenceServerException as error:
                if status_of(error) in LASTING:
                    raise SharedMemoryRefused(str(error)) from error
                raise

    async def close(self) -> None:
        """Give up all regions. A server that does not answer is left alone: it forgets them when it restarts."""
        while self._all:
            region = self._all.pop()
            region.close()
            await self._forget(region.name)
        self._free.clear()

    async def _create(self, capacity: int) -> Region:
        try:
            region = Region.create(capacity)
        except OSError as error:
            raise SharedMemoryRefused(f"{error.strerror} for {capacity} bytes in {regions.FOLDER}") from error
        try:
            await self.register(region)
        except BaseException:  # also when we are cancelled: nobody else knows of this file
            region.close()
            raise
        self._all.append(region)
        return region

    async def _forget(self, name: str) -> None:
        try:
            await self._client.unregister_system_shared_memory(name, **self._options)
        except InferenceServerException as error:
            # Still in use by a request that nobody waits for, or no server: the next open() tries again.
            logger.debug("triton keeps the shared memory region %s: %s", name, status_of(error))


def _capacity(size: int) -> int:
    return max(SMALLEST, 1 << (size - 1).bit_length())
