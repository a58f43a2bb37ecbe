"""A camera stream: one member of the consumer group that takes camera frames to sightings, for as long as it lives."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

from actors.frame_way import FrameWay
from actors.session import Session
from sightline.adapters.kafka.admin import cluster_id
from sightline.adapters.kafka.consumer import FrameConsumer, Standing
from sightline.adapters.kafka.transaction import TransactionalWriter
from sightline.errors import FencedError, SightlineError
from sightline.ports import BlobStore, Clock
from sightline.settings import Settings
from sightline.stages.ladder import Degradations, Ladder
from sightline.stages.perception import Perception, Stages
from sightline.telemetry import StreamMetrics

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_CROP_WRITERS = 4
"""Threads that keep crops: each spends its time waiting for the disk or an object store."""

OpenStages = Callable[[], AbstractAsyncContextManager[Stages]]
"""Connects the stages and gives them up at the end; called on the stream's event loop."""


class CameraStream:
    """Runs sessions one after the other: after each failure it waits, grows patient, and goes on from the last commit.

    A plain class: :mod:`actors.pipeline` puts a Ray actor round it. ``run`` blocks its thread; ``stop`` and
    ``describe`` may be called from any other.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        open_stages: OpenStages,
        blobs: BlobStore,
        decode_threads: int,
        clock: Clock,
        metrics: StreamMetrics,
    ) -> None:
        self._settings = settings
        self._name = name
        self._open_stages = open_stages
        self._blobs = blobs
        self._decode_threads = decode_threads
        self._clock = clock
        self._metrics = metrics
        self._degradations = Degradations(metrics.degradations)
        self._session: Session | None = None
        self._trouble = ""
        self._restarts = 0
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        """Work until :meth:`stop`; blocks."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """Ask :meth:`run` to finish what is on its way, commit it and return."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    def describe(self) -> dict[str, Any]:
        """How it goes: partitions, the group's generation and whether it is joining it again, frames in flight, frames waiting,
        restarts of the session, the trouble at hand, and which stages frames went without."""
        session = self._session
        standing = session.standing if session else Standing()
        return {
            "partitions": session.partitions if session else [],
            "group_generation": standing.generation,
            "joining": standing.joining,
            "in_flight": session.in_flight if session else 0,
            "unread": sum(session.unread.values()) if session else 0,
            "restarts": self._restarts,
            "trouble": "" if session is not None and session.is_well else self._trouble,
            "degraded": self._degradations.describe(),
        }

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        pause_s = _FIRST_PAUSE_S
        with (
            ThreadPoolExecutor(1, thread_name_prefix="kafka") as kafka_thread,
            ThreadPoolExecutor(self._decode_threads, thread_name_prefix="decode") as workers,
            ThreadPoolExecutor(_CROP_WRITERS, thread_name_prefix="crops") as crop_writers,
        ):
            while not self._stopping.is_set():
                began = self._loop.time()
                try:
                    await self._one_session(kafka_thread, workers, crop_writers)
                    self._trouble = ""
                except SightlineError as error:  # also a missing model or a state of a later version: say so and wait
                    self._session, self._trouble = None, str(error)
                    self._restarts += 1
                    fenced = isinstance(error, FencedError)
                    log.log(
                        logging.INFO if fenced else logging.WARNING, "%s: %s; going on from the last commit", self._name, error
                    )
                if self._loop.time() - began > 10 * _LONGEST_PAUSE_S:
                    pause_s = _FIRST_PAUSE_S
                await self._pause(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _pause(self, seconds: float) -> None:
        """Sleep, with jitter so that streams do not come back all at once; a stop wakes it."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds * random.uniform(0.5, 1.0))
        except TimeoutError:
            return

    async def _one_session(
        self, kafka_thread: ThreadPoolExecutor, workers: ThreadPoolExecutor, crop_writers: ThreadPoolExecutor
    ) -> None:
        async with self._open_stages() as stages:
            cluster = await asyncio.get_running_loop().run_in_executor(kafka_thread, cluster_id, self._settings)
            perception = Perception(stages)
            async with aclosing(Ladder(perception.probes(), self._degradations)) as ladder:
                way = FrameWay(
                    self._settings,
                    perception=perception,
                    ladder=ladder,
                    blobs=self._blobs,
                    workers=workers,
                    crop_writers=crop_writers,
                    clock=self._clock,
                    metrics=self._metrics,
                    cluster_id=cluster,
                )
                self._session = self._session_of(way, kafka_thread)
                await self._session.run(self._stopping)

    def _session_of(self, way: FrameWay, kafka_thread: ThreadPoolExecutor) -> Session:
        return Session(
            self._settings,
            name=self._name,
            way=way,
            consumer=FrameConsumer(self._settings, client_id=self._name),
            writer=TransactionalWriter(self._settings, transactional_id=self._name),
            kafka_thread=kafka_thread,
            clock=self._clock,
            metrics=self._metrics,
        )
