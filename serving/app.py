"""The questions on Ray Serve: deploy, remove and describe. With ``replica_port.py``, all here that knows Ray."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from typing import Any

import httpx
from fastapi import FastAPI
from ray import exceptions as ray_errors
from ray import serve
from ray.serve.exceptions import RayServeException

from serving.api import create_app
from serving.compose import compose
from serving.replica_port import listen_on_node_address_alone
from sightline.adapters.ray.cluster import connect, hosts
from sightline.adapters.ray.metrics_targets import announced_targets, serve_metrics, withdraw_target
from sightline.errors import ServiceUnavailable
from sightline.models.generation import generation_of
from sightline.settings import ServingSettings, Settings
from sightline.telemetry import Registry
from sightline.threads import SINGLE_THREADED

APPLICATION = "sightline"
SERVICE = "api"
_ANSWER_S = 20.0
_START_ATTEMPTS = 3
_INSTANCES = "questions-"
"""Before the rank, in the replicas' names for Prometheus."""
_STOP_S = 10.0
_PLACES_A_SEARCH = 8
"""Requests that Serve lets into a replica for each search: the cheap ones do not wait behind searches, and what is too
many is refused by us, as a problem, rather than by Serve."""


@serve.ingress()
class Questions:
    """One replica: the HTTP API in a process of its own."""

    def __init__(self, settings: Settings, generation: str) -> None:
        listen_on_node_address_alone()
        self._settings = settings
        self._generation = generation
        self._registry = Registry()

    def __serve_build_asgi_app__(self) -> FastAPI:  # the name is Serve's
        app = create_app(compose(self._settings, self._registry, generation=self._generation))
        # By rank, not by the replica's own id: one that comes back takes its predecessor's place in discovery.
        instance = f"{_INSTANCES}{serve.get_replica_context().rank.rank}"
        serve_metrics(self._settings, self._registry, job="sightline-api", instance=instance)
        return app


def deploy(settings: Settings) -> str:
    """Run the questions on ``serving.host:port`` and wait until they answer; deploying again changes what differs.

    Returns:
        The API's address.

    Raises:
        ConfigurationError: no cluster or no model is named.
        ServiceUnavailable: Ray does not answer, or the replicas did not start.
    """
    _connect(settings)
    options = settings.serving
    deployment = serve.deployment(
        Questions,
        name="questions",
        num_replicas=options.replicas,
        max_replicas_per_node=_most_per_host(options),
        max_ongoing_requests=options.max_searches * _PLACES_A_SEARCH,
        graceful_shutdown_timeout_s=_STOP_S,
        ray_actor_options={
            "num_cpus": 0,
            "resources": dict(options.resources),
            "runtime_env": {"env_vars": dict(SINGLE_THREADED)},
        },
    ).options(version=_version(settings), _internal=True)  # without it Serve 2.60 makes every deployment anew
    try:
        _start_serve(options)
        serve.run(deployment.bind(settings, generation_of(settings)), name=APPLICATION, route_prefix="/")
    except (RuntimeError, RayServeException, ray_errors.RayError) as error:
        raise ServiceUnavailable(SERVICE, f"the questions did not start on Ray Serve: {error}") from error
    url = options.url or f"http://{options.host}:{options.port}"
    _require_answer(url)
    _withdraw_replicas(settings, beyond=options.replicas)
    return url


def _version(settings: Settings) -> str:
    """Of the replicas: unlike the stream's actors they ask Prometheus, and are made anew where that is another one."""
    watched = hashlib.sha256(settings.metrics.model_dump_json().encode()).hexdigest()[:8]
    return f"{generation_of(settings)}-{watched}"


def _withdraw_replicas(settings: Settings, *, beyond: int) -> None:
    """Take those away from Prometheus that were let go: ranks from ``beyond`` on."""
    for target in announced_targets(settings):
        instance = str(target["labels"]["instance"])
        rank = instance.removeprefix(_INSTANCES)
        if rank != instance and int(rank) >= beyond:
            withdraw_target(settings, instance)


def _most_per_host(options: ServingSettings) -> int | None:
    """Spread over the hosts that are for questions, so that one's death leaves others; None = as Serve likes."""
    fit = [host for host in hosts() if host.alive and all(host.resources.get(name, 0) > 0 for name in options.resources)]
    return math.ceil(options.replicas / len(fit)) if options.resources and fit else None


def _start_serve(options: ServingSettings) -> None:
    """Start Serve where it does not run; a proxy that died before it was ready is waited for again: Serve restarts it."""
    for attempt in range(_START_ATTEMPTS):
        try:
            where = "HeadOnly" if options.listen_on == "head" else "EveryNode"
            serve.start(proxy_location=where, http_options={"host": options.host, "port": options.port})
        except ray_errors.RayActorError:
            if attempt == _START_ATTEMPTS - 1:
                raise
        else:
            return


def remove(settings: Settings) -> None:
    """Stop the questions, and Serve with them unless others use it; those being answered are finished.

    Nothing happens where none run.

    Raises:
        ServiceUnavailable: Ray does not answer.
    """
    _connect(settings)
    applications = _status().applications
    if APPLICATION not in applications:
        return
    serve.delete(APPLICATION)
    _withdraw_replicas(settings, beyond=0)
    if len(applications) == 1:
        serve.shutdown()  # gives the port back, so that the next deployment may choose another


def describe(settings: Settings) -> dict[str, Any]:
    """What Serve says of the questions: ``{"state", "detail", "replicas"}``; state ``ABSENT`` where none run."""
    _connect(settings)
    application = _status().applications.get(APPLICATION)
    if application is None:
        return {"state": "ABSENT", "detail": "not deployed", "replicas": {}}
    deployments = application.deployments.values()
    replicas = {str(state): count for item in deployments for state, count in item.replica_states.items()}
    return {"state": application.status.value, "detail": application.message, "replicas": replicas}


def _require_answer(url: str) -> None:
    """Serve keeps the address that it was first started with, whatever is asked for later: see that it is ours."""
    deadline = time.monotonic() + _ANSWER_S  # the proxies hear of the replicas a moment after it says that they run
    while True:
        try:
            httpx.get(f"{url}/healthz", timeout=_ANSWER_S).raise_for_status()
        except httpx.HTTPError as error:
            if time.monotonic() > deadline:
                detail = f"Ray Serve runs, but {url} does not answer ({error}): does it listen elsewhere? Take it down first"
                raise ServiceUnavailable(SERVICE, detail) from error
        else:
            return
        time.sleep(0.2)


def _status() -> Any:
    try:
        return serve.status()
    except (RuntimeError, RayServeException, ray_errors.RayError) as error:
        raise ServiceUnavailable(SERVICE, f"Ray Serve does not answer: {error}") from error


def _connect(settings: Settings) -> None:
    connect(settings)
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
