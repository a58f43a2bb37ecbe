"""The named, detached actors of the stream on a Ray cluster: started, asked, stopped."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import ray
from ray import exceptions as ray_errors
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.placement import choose_host
from actors.stage_actor import StageActor
from actors.stages import STAGES
from sightline.adapters.ray.cluster import hosts
from sightline.adapters.ray.metrics_targets import withdraw_target
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings
from sightline.threads import SINGLE_THREADED

log = logging.getLogger(__name__)

SCALER, CAMERA_STREAM, WRITER = "scaler", "camera-stream", "writer"
_ORDER = (SCALER, CAMERA_STREAM, WRITER, *STAGES)
"""In which they stop: each before what it leans on."""

_STAGE_CALLS = 1000
"""That a stage actor may have at hand: what callers have in flight bounds it, and questions of ours must not wait behind."""
_STOP_S = 30.0
_START_S = 90.0
_ASK_S = 5.0
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Wanted:
    """An actor that should run.

    Attributes:
        kind: its class.
        arguments: its constructor's, but for the generation, which is the last.
        cpus, resources: what it reserves, and so where it may run.
    """

    name: str
    kind: type
    arguments: tuple[Any, ...]
    cpus: float = 0.0
    resources: dict[str, float] = field(default_factory=dict)


class Roster:
    """Our actors in the namespace of these settings. The process must have joined the cluster."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._namespace = settings.ray.namespace

    def names(self) -> list[str]:
        """Of those that there are, in the order in which they stop."""
        everywhere = ray.util.list_named_actors(all_namespaces=True)
        names = sorted(item["name"] for item in everywhere if item["namespace"] == self._namespace)
        return [name for kind in _ORDER for name in names if name.startswith(kind)]

    def start(self, actor: Wanted, generation: str) -> Any:
        """The actor's handle; made anew only where none of its name runs."""
        return self._start(actor, generation, self._placed(_kind(actor.name)) if actor.resources else Counter())

    def _start(self, actor: Wanted, generation: str, placed: Counter[str]) -> Any:
        host = choose_host(hosts(), actor.resources, placed) if actor.resources else None
        if host is not None:
            placed[host.address] += 1
        remote = ray.remote(actor.kind).options(
            name=actor.name,
            namespace=self._namespace,
            lifetime="detached",
            get_if_exists=True,
            max_restarts=self._settings.pipeline.max_restarts,
            max_concurrency=_STAGE_CALLS if actor.kind is StageActor else 4,
            num_cpus=actor.cpus,
            resources=actor.resources or None,
            # Soft: where that host is full or dies, Ray chooses among the others that offer the resources.
            scheduling_strategy=NodeAffinitySchedulingStrategy(host.node_id, soft=True) if host else "DEFAULT",
            runtime_env={"env_vars": dict(SINGLE_THREADED)},
        )
        return remote.remote(*actor.arguments, generation)

    def start_all(self, actors: Iterable[Wanted], generation: str) -> None:
        """Start them side by side, and wait until all answer.

        Raises:
            ServiceUnavailable: one did not start.
        """
        there = set(self.names())
        placed: dict[str, Counter[str]] = {}
        wanted = {}
        for actor in actors:
            kind = _kind(actor.name)
            if actor.name not in there and actor.resources and kind not in placed:
                placed[kind] = self._placed(kind)
            counted = Counter[str]() if actor.name in there else placed.get(kind, Counter())
            wanted[actor.name] = (actor, self._start(actor, generation, counted))
        deadline = time.monotonic() + _START_S
        for name, (actor, handle) in wanted.items():
            try:
                ray.get(handle.ping.remote(), timeout=max(1.0, deadline - time.monotonic()))
            except ray_errors.RayError as error:
                self._take_back(set(wanted) - there)
                where = f" (it needs a host with {actor.resources}: see `sightline deploy --status`)" if actor.resources else ""
                raise ServiceUnavailable("ray", f"the actor {name} did not start{where}: {error}") from error

    def _take_back(self, names: Iterable[str]) -> None:
        """End those of actors that do not run: else one that waits for a place would get it when somebody has forgotten it."""
        names = sorted(names)
        for name in set(names) - self.ask_all(names, "ping", timeout_s=1.0).keys():
            with suppress(ValueError):  # it died by itself
                ray.kill(ray.get_actor(name, namespace=self._namespace), no_restart=True)
            withdraw_target(self._settings, name)

    def has_room(self, wanted: Iterable[Wanted], *, without: Iterable[Wanted] = ()) -> bool:
        """Whether the cluster has free what actors reserve together, as far as the sums over all hosts tell.

        Args:
            wanted: those that should start.
            without: actors that run, and would be gone by then.
        """
        free, freed = ray.available_resources(), _reserved(without)
        return all(free.get(name, 0.0) + freed[name] >= count - _ROUNDING for name, count in _reserved(wanted).items())

    def _placed(self, kind: str) -> Counter[str]:
        """Address of a host -> how many actors of a kind are there."""
        accounts = self.ask_all([name for name in self.names() if _kind(name) == kind], "describe")
        return Counter(str(account["host"]) for account in accounts.values())

    def ask_all(self, names: Iterable[str], method: str, *, timeout_s: float = _ASK_S) -> dict[str, Any]:
        """What actors answer, asked side by side; without those that do not in time."""
        asked = {}
        for name in names:
            try:
                asked[name] = getattr(ray.get_actor(name, namespace=self._namespace), method).remote()
            except ValueError:
                log.info("there is no actor %s any more", name)
        if not asked:
            return {}
        answered = set(ray.wait(list(asked.values()), num_returns=len(asked), timeout=timeout_s)[0])
        answers = {}
        for name, call in asked.items():
            try:
                if call in answered:
                    answers[name] = ray.get(call)
                else:
                    log.info("the actor %s does not answer %s", name, method)
            except ray_errors.RayError as error:
                log.info("the actor %s does not answer %s: %s", name, method, error)
        return answers

    def stop(self, name: str) -> None:
        """Let an actor finish, then end it; one that hangs is ended all the same, and its work is done again elsewhere."""
        try:
            handle = ray.get_actor(name, namespace=self._namespace)
        except ValueError:
            return
        try:
            ray.get(handle.stop.remote(), timeout=_STOP_S)
        except ray_errors.RayError as error:
            log.warning("the actor %s did not stop cleanly: %s", name, error)
        ray.kill(handle, no_restart=True)
        withdraw_target(self._settings, name)


def _reserved(actors: Iterable[Wanted]) -> defaultdict[str, float]:
    """Ray resource -> how much of it actors reserve together."""
    reserved: defaultdict[str, float] = defaultdict(float)
    for actor in actors:
        for name, count in {**actor.resources, "CPU": actor.cpus}.items():
            reserved[name] += count
    return reserved


def _kind(name: str) -> str:
    """Of an actor, by its name: ``camera-stream`` of ``camera-stream-3``."""
    return next((kind for kind in _ORDER if name.startswith(kind)), name)
