"""What ``sightline status`` says: the health of every server and part, how far the stream is behind, who has which cores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx

from infra.local import parts, process
from infra.local.model_links import models_in_use
from infra.local.prometheus import Prometheus
from infra.local.records import ServiceRecord
from infra.local.service import LocalService
from infra.local.services import servers
from infra.local.stack import LocalStack
from sightline.adapters.kafka.lag import group_lag, oldest_waiting_us
from sightline.adapters.prometheus import PrometheusHistory
from sightline.errors import ServiceError, SightlineError
from sightline.operations.overview import Overview, read_overview
from sightline.settings import Settings
from sightline.threads import share_cores

READY = "ready"
NO_PROMETHEUS = "no Prometheus: `sightline up --metrics` starts one, or set metrics.prometheus_url"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One server or part.

    Attributes:
        state: ``ready``, ``unready`` (it runs and does not answer well), ``died`` or ``stopped``.
        url: where it is.
        version: of its software.
        pid: of the process that ``sightline up`` started; None for existing servers and for what runs on Ray.
        detail: a line for people.
    """

    state: str
    url: str | None = None
    version: str | None = None
    pid: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How far the stream is behind.

    Attributes:
        lag_messages: frames in Kafka that it has yet to commit; None = Kafka does not answer.
        lag_s: age of the oldest of them, seconds; 0 where none waits.
        cameras: camera id -> ``fps``, ``last_frame`` (RFC 3339) and ``shed`` (frames by reason), as the API says.
        degraded: stage -> ``off`` (why frames go without it now; None = they do not) and ``missed`` (frames that did, by
            reason, since the camera streams' processes began); only stages that were ever gone without.
    """

    lag_messages: int | None = None
    lag_s: float | None = None
    cameras: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    degraded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StackStatus:
    """Everything; ``document`` is what ``--json`` prints."""

    services: Mapping[str, ServiceStatus]
    stream: StreamStatus
    cores: Mapping[str, Any]
    overview: Overview | str = NO_PROMETHEUS
    """What Prometheus has; a text = why there is none."""

    @property
    def ready(self) -> bool:
        """Whether frames flow and questions are answered."""
        return all(service.state == READY for service in self.services.values())

    def document(self) -> dict[str, Any]:
        """For JSON; of degradations only where there ever were some, of the overview only where Prometheus answers."""
        told = {"ready": self.ready, **asdict(replace(self, overview=NO_PROMETHEUS))}
        del told["overview"]
        if not self.stream.degraded:
            del told["stream"]["degraded"]
        return told if isinstance(self.overview, str) else {**told, "overview": self.overview.document()}


def ask_all(settings: Settings, *, clock: Callable[[], float] = time.time) -> StackStatus:
    """Ask every server and part, side by side; takes as long as the slowest, some seconds where one hangs."""
    now = LocalStack(settings, ()).settings
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask_servers, settings)
        api = pool.submit(parts.api_health, now)
        stream = pool.submit(_stream_status, now, clock)
        overview = pool.submit(ask_overview, now, clock=clock)
        services = asked.result()
        health = _stream_health(now, ray_is_ready=services["ray"].state == READY)
        services[parts.STREAM] = _of_part(health)
        services[parts.API] = _of_part(api.result())
        flow = replace(stream.result(), degraded=health.degraded)
        cores = asdict(share_cores(settings, models_in_use(settings)))
        return StackStatus(services, flow, cores, overview.result())


def ask_overview(settings: Settings, *, clock: Callable[[], float] = time.time) -> Overview | str:
    """Ask Prometheus for the overview; a text = why it cannot be had. Takes some seconds where Prometheus hangs."""
    url = settings.metrics.prometheus_url
    if not url:
        return NO_PROMETHEUS

    async def read() -> Overview:
        async with PrometheusHistory(url) as history:
            return await read_overview(history, now_s=clock())

    try:
        return asyncio.run(read())
    except ServiceError as error:
        return str(error)


def ask_servers(settings: Settings, *, only: Collection[str] | None = None) -> dict[str, ServiceStatus]:
    """Ask the servers of these names side by side (None: all; Prometheus only where it was started, or is named)."""
    stack = LocalStack(settings, servers(settings, metrics=True, only=only))
    now = stack.settings
    asked = [service for service in stack.services if service.name != Prometheus.name or _is_watched(service, stack)]
    with ThreadPoolExecutor() as pool:
        answers = pool.map(lambda service: _ask(service, stack.record(service.name), now), asked)
        return {service.name: answer for service, answer in zip(asked, answers, strict=True)}


def _is_watched(prometheus: LocalService, stack: LocalStack) -> bool:
    return prometheus.external(prometheus.settings) is not None or stack.record(Prometheus.name) is not None


def _ask(service: LocalService, record: ServiceRecord | None, settings: Settings) -> ServiceStatus:
    external = service.external(service.settings)
    if external is None and (record is None or not process.is_alive(record.process)):
        if record is None:
            return ServiceStatus("stopped", detail="start it with `sightline up`")
        return ServiceStatus("died", record.url, record.version, detail=f"see {record.log}; `sightline up` brings it back")
    pid = record.pid if record and external is None else None
    url = service.url(settings)
    try:
        health = service.probe(settings)
    except SightlineError as error:  # also settings that cannot work: this line of the answer, not its end
        return ServiceStatus("unready", url, record.version if record else None, pid, str(error))
    return ServiceStatus(READY, url, health.version or None, pid, health.detail)


def _stream_health(settings: Settings, *, ray_is_ready: bool) -> parts.PartHealth:
    if not ray_is_ready:
        return parts.PartHealth("stopped", "Ray is not ready")
    try:
        return parts.stream_health(settings)
    except SightlineError as error:
        return parts.PartHealth("unready", str(error))


def _of_part(health: parts.PartHealth) -> ServiceStatus:
    return ServiceStatus(health.state, health.url, health.version, None, health.detail)


def _stream_status(settings: Settings, clock: Callable[[], float]) -> StreamStatus:
    cameras = _cameras(settings)
    if not settings.kafka.bootstrap_servers:
        return StreamStatus(cameras=cameras)
    topic, group = settings.kafka.topic("camera_frames"), settings.kafka.topic_prefix + settings.stream.group_id
    try:
        waiting = sum(group_lag(settings, group_id=group, topic=topic).values())
        oldest_us = oldest_waiting_us(settings, group_id=group, topic=topic) if waiting else None
    except SightlineError:
        return StreamStatus(cameras=cameras)  # the row of Kafka says why
    lag_s = max(0.0, clock() - oldest_us / 1e6) if oldest_us is not None else 0.0
    return StreamStatus(waiting, round(lag_s, 3), cameras)


def _cameras(settings: Settings) -> dict[str, dict[str, Any]]:
    if not settings.serving.url:
        return {}
    try:
        listed = httpx.get(f"{settings.serving.url}/v1/cameras", timeout=5.0).raise_for_status().json()["cameras"]
    except (httpx.HTTPError, ValueError, KeyError):
        return {}  # the row of the API says why
    return {camera["camera"]: {name: camera[name] for name in ("fps", "last_frame", "shed")} for camera in listed}
