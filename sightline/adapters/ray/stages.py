"""The ports of the stages, answered by actors elsewhere on the cluster: by the one that has least to do.

Measured before it was written so (two cores, a 416x416 canvas): a call of an actor took 3.6 ms and one through a handle of
Ray Serve 6.0 ms, and eight callers had 329 and 205 answers a second; so the stages are actors, and we route to them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import ray
from ray import exceptions as ray_errors

from sightline.errors import ModelError, ServiceUnavailable
from sightline.settings import Settings
from sightline.types import Detections, Embeddings, Float32Array, UInt8Array

log = logging.getLogger(__name__)

T = TypeVar("T")

Find = Callable[[], Mapping[str, Any]]
"""Name -> handle of the replicas that there are now; blocking. Raises ServiceUnavailable where there are none."""

GENERATION_SIGN = "@"
"""Stands before the generation in the names of stage actors."""
_LOOK_AGAIN_S = 2.0
"""How long a list of replicas is believed where their number may change, or where one of them takes no calls."""
_GREETING_S = 1.0
"""How long a look waits for replicas to say whether they take calls; who says so later is called on from then on."""


def stage_names(settings: Settings, stage: str, generation: str) -> list[str]:
    """The names that a stage's actors may have, the first ``replicas`` of them always.

    Old and new generations run side by side while a new version comes, and nobody calls a stage that answers otherwise than
    it expects.
    """
    options = getattr(settings.pipeline, stage)
    return [f"{stage}-{replica}{GENERATION_SIGN}{generation}" for replica in range(options.most_replicas)]


@dataclass(frozen=True, slots=True)
class StageReplicas:
    """Finds the replicas of a stage, from within any process on the cluster."""

    settings: Settings
    stage: str
    generation: str

    def __call__(self) -> dict[str, Any]:
        """See :data:`Find`."""
        found = {}
        for name in stage_names(self.settings, self.stage, self.generation):
            try:
                found[name] = ray.get_actor(name, namespace=self.settings.ray.namespace)
            except ValueError:
                continue
        if not found:
            raise ServiceUnavailable("ray", f"no actor runs the stage {self.stage}")
        return found

    @property
    def look_again_s(self) -> float:
        """How long what was found holds: a number that never changes holds until a replica fails."""
        options = getattr(self.settings.pipeline, self.stage)
        return _LOOK_AGAIN_S if options.most_replicas > options.replicas else float("inf")


@dataclass(slots=True)
class _Replica:
    handle: Any
    calls: int = 0
    takes_calls: bool = False
    """False until it has said so: it may still be starting, which takes seconds; and false where it is about to go."""
    greeting: asyncio.Task[None] | None = None

    def greet(self) -> asyncio.Task[None]:
        """Ask whether it takes calls, unless it is being asked."""
        if self.greeting is None or self.greeting.done():
            self.greeting = asyncio.ensure_future(self._greet())
        return self.greeting

    async def _greet(self) -> None:
        try:
            self.takes_calls = bool(await _answer(self.handle.ping.remote()))
        except ServiceUnavailable as error:
            self.takes_calls = False
            log.info("%s", error)


class RemoteStage:
    """The replicas of one stage: implements the port ``Detector``, ``PoseEstimator``, ``DenseEstimator`` or ``Embedder``.

    An empty batch is answered by the stage like any other. Replicas hold no state: a call whose replica went is made again
    at once by another that takes calls. Where there is none it is a ``ServiceUnavailable``, and the caller repeats it later.

    Args:
        find: the replicas.
        look_again_s: how long to believe what it found.
        clock: seconds, monotonic.
    """

    def __init__(self, find: Find, *, look_again_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._look_again_s = look_again_s
        self._clock = clock
        self._replicas: dict[str, _Replica] = {}
        self._looked_at: float | None = None
        self._looking: asyncio.Future[None] | None = None

    async def detect(self, canvases: UInt8Array) -> list[Detections]:
        """See :class:`sightline.ports.Detector`."""
        found: list[Detections] = await self._call("detect", canvases)
        return found

    async def estimate(self, crops: UInt8Array) -> Any:
        """See :class:`sightline.ports.PoseEstimator` and :class:`sightline.ports.DenseEstimator`, whichever it runs."""
        return await self._call("estimate", crops)

    async def embed(self, crops: UInt8Array, keypoints: Float32Array | None = None) -> Embeddings:
        """See :class:`sightline.ports.Embedder`."""
        embeddings: Embeddings = await self._call("embed", crops, keypoints)
        return embeddings

    async def _call(self, method: str, *arguments: Any) -> Any:
        failed: set[int] = set()
        while True:
            replica = await self._least_busy(failed)
            replica.calls += 1
            try:
                return await _answer(getattr(replica.handle, method).remote(*arguments))
            except ServiceUnavailable as error:
                if error.service != "ray":
                    raise
                replica.takes_calls, self._looked_at = False, None
                failed.add(id(replica))
                if not any(other.takes_calls and id(other) not in failed for other in self._replicas.values()):
                    raise
                log.info("%s; another replica is called on", error)
            finally:
                replica.calls -= 1

    async def _least_busy(self, failed: Container[int]) -> _Replica:
        if self._is_outdated() and self._looking is None:
            self._looking = asyncio.ensure_future(self._look())
        while not self._replicas:  # who knows some goes on with them: the cluster's head may be away for a while
            assert self._looking is not None, "there is always a look on its way where no replica is known"
            await asyncio.shield(self._looking)

        def reluctance(name: str) -> tuple[bool, bool, int]:
            replica = self._replicas[name]
            return id(replica) in failed, not replica.takes_calls, replica.calls

        name = min(self._replicas, key=reluctance)
        replica = self._replicas.pop(name)
        self._replicas[name] = replica  # to the end: of those that are equally busy each has its turn
        return replica

    def _is_outdated(self) -> bool:
        if self._looked_at is None:
            return True
        all_take_calls = all(replica.takes_calls for replica in self._replicas.values())
        return self._clock() - self._looked_at > (self._look_again_s if all_take_calls else _LOOK_AGAIN_S)

    def _known(self, name: str, handle: Any) -> _Replica:
        known = self._replicas.get(name)  # another actor may have its name by now
        return known if known is not None and known.handle == handle else _Replica(handle)

    async def _look(self) -> None:
        try:
            found = await asyncio.to_thread(self._find)
            replicas = {name: self._known(name, handle) for name, handle in found.items()}
            await asyncio.wait([replica.greet() for replica in replicas.values()], timeout=_GREETING_S)
            self._replicas, self._looked_at = replicas, self._clock()
        except ServiceUnavailable as error:
            if not self._replicas:
                raise
            log.info("the replicas that were known are called on: %s", error)
        finally:
            self._looking = None


def remote_stages(settings: Settings, stages: Sequence[str], *, generation: str) -> dict[str, RemoteStage]:
    """Stage -> the port to its actors of a generation."""
    finders = {stage: StageReplicas(settings, stage, generation) for stage in stages}
    return {stage: RemoteStage(find, look_again_s=find.look_again_s) for stage, find in finders.items()}


async def _answer(call: Awaitable[T]) -> T:
    try:
        return await call
    except ray_errors.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, ServiceUnavailable | ModelError):
            raise cause from error
        raise
    except ray_errors.RayError as error:
        raise ServiceUnavailable("ray", f"a stage actor did not answer: {error}") from error
