"""The stream composed: which actors there are, with which resources, and how they come and go.

Every actor is named and detached: it outlives whoever deployed it, and Ray starts it again when it dies. Deploying again
changes only what differs, so it also scales: set ``stream.workers`` and deploy.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

import ray
from ray import exceptions as ray_errors

from actors.remote import StageHandles, stage_names
from actors.stage_actor import StageActor
from actors.stages import STAGES, stages_in_use
from actors.stream_actor import StreamActor
from actors.writer_actor import WriterActor
from sightline.adapters.kafka.admin import create_topics
from sightline.adapters.ray import connect
from sightline.errors import ServiceUnavailable
from sightline.models.selection import select_models
from sightline.settings import Settings
from sightline.threads import SINGLE_THREADED

log = logging.getLogger(__name__)

_STOP_S = 30.0
_START_S = 90.0
_ASK_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """An actor that should run: ``arguments`` are its constructor's."""

    name: str
    kind: type
    arguments: tuple[Any, ...]
    cpus: float


def wanted_actors(settings: Settings) -> list[Wanted]:
    """The actors that these settings ask for, in the order of their start."""
    pipeline, actors = settings.pipeline, []
    get_replicas = None if pipeline.fused else StageHandles(settings)
    for stage in [] if pipeline.fused else stages_in_use(select_models(settings)):
        options = getattr(pipeline, stage)
        for name in stage_names(settings, stage):
            actors.append(Wanted(name, StageActor, (settings, stage, name), options.num_cpus))
    for worker in range(settings.stream.workers):
        name = f"camera-stream-{worker}"
        actors.append(Wanted(name, StreamActor, (settings, name, get_replicas), pipeline.camera_stream_cpus))
    for worker in range(settings.writer.workers):
        name = f"writer-{worker}"
        actors.append(Wanted(name, WriterActor, (settings, name), 0.0))
    return actors


def fingerprint(settings: Settings) -> str:
    """Changes when a running actor would have to be made anew: by a setting or a model; how many there are does not count."""
    same = settings.model_copy(
        update={
            "stream": settings.stream.model_copy(update={"workers": 1}),
            "writer": settings.writer.model_copy(update={"workers": 1}),
            # Whoever watches the actors is nothing to them: Prometheus may come and go.
            "metrics": settings.metrics.model_copy(update={"prometheus_url": None}),
        }
    )
    specs = [model.spec.model_dump_json() for model in stages_in_use(select_models(settings)).values()]
    return hashlib.sha256("\n".join([same.model_dump_json(), *specs]).encode()).hexdigest()[:16]


def deploy(settings: Settings) -> None:
    """Make the cluster run exactly the actors that the settings ask for, and wait until all answer.

    Actors of other settings are stopped cleanly and made anew; those that nobody asks for are stopped.

    Raises:
        ServiceUnavailable: an actor did not start.
    """
    connect(settings)
    create_topics(settings)
    wanted = {actor.name: actor for actor in wanted_actors(settings)}
    mark = fingerprint(settings)
    for name in _running(settings):
        if name not in wanted or _ask(name, "fingerprint", settings) != mark:
            _stop(name, settings)
    handles = {actor.name: _start(actor, settings, mark) for actor in wanted.values()}
    _wait(handles)


def remove(settings: Settings) -> None:
    """Stop the stream: what is on its way is finished and committed."""
    connect(settings)
    for name in _running(settings):
        _stop(name, settings)


def describe(settings: Settings) -> dict[str, Any]:
    """Each actor's own account of itself by name; ``{"state": "silent"}`` for one that does not answer."""
    connect(settings)
    names = _running(settings)
    return {name: _ask(name, "describe", settings) or {"state": "silent"} for name in names}


def _running(settings: Settings) -> list[str]:
    """Names of our actors on the cluster: camera streams first, so that they stop before what they lean on."""
    prefixes = ("camera-stream-", "writer-", *(f"{stage}-" for stage in STAGES))
    everywhere = ray.util.list_named_actors(all_namespaces=True)
    names = sorted(item["name"] for item in everywhere if item["namespace"] == settings.ray.namespace)
    return [name for prefix in prefixes for name in names if name.startswith(prefix)]


def _start(actor: Wanted, settings: Settings, mark: str) -> Any:
    remote = ray.remote(actor.kind).options(
        name=actor.name,
        namespace=settings.ray.namespace,
        lifetime="detached",
        get_if_exists=True,
        max_restarts=settings.pipeline.max_restarts,
        max_concurrency=64 if actor.kind is StageActor else 4,
        num_cpus=actor.cpus,
        runtime_env={"env_vars": dict(SINGLE_THREADED)},
    )
    return remote.remote(*actor.arguments, mark)


def _wait(handles: dict[str, Any]) -> None:
    deadline = time.monotonic() + _START_S
    for name, handle in handles.items():
        try:
            ray.get(handle.ping.remote(), timeout=max(1.0, deadline - time.monotonic()))
        except ray_errors.RayError as error:
            raise ServiceUnavailable("ray", f"the actor {name} did not start: {error}") from error


def _ask(name: str, method: str, settings: Settings) -> Any:
    """What an actor answers; None where it does not in time."""
    try:
        handle = ray.get_actor(name, namespace=settings.ray.namespace)
        return ray.get(getattr(handle, method).remote(), timeout=_ASK_S)
    except (ValueError, ray_errors.RayError) as error:
        log.info("the actor %s does not answer %s: %s", name, method, error)
        return None


def _stop(name: str, settings: Settings) -> None:
    """Let an actor finish, then end it; one that hangs is ended all the same, and its work is done again elsewhere."""
    try:
        handle = ray.get_actor(name, namespace=settings.ray.namespace)
    except ValueError:
        return
    try:
        ray.get(handle.stop.remote(), timeout=_STOP_S)
    except ray_errors.RayError as error:
        log.warning("the actor %s did not stop cleanly: %s", name, error)
    ray.kill(handle, no_restart=True)
