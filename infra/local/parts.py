"""The product's own parts, which run on Ray: the stream and the API. Brought up after the servers, taken down before them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.local import endpoints, ports
from infra.local.ray_head import RayHead
from infra.local.runner import Report
from infra.local.service import WILDCARDS
from sightline import __version__
from sightline.errors import ConfigurationError, ModelError, ServiceError, SightlineError
from sightline.models.live import LiveModels
from sightline.models.selection import select_models
from sightline.settings import Settings

log = logging.getLogger(__name__)

STREAM, API = "stream", "api"
NOT_DEPLOYED = "not deployed: run `sightline up`"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """How a part is doing: ``state`` is ready, unready or stopped; ``degraded`` is what the stream's frames go without."""

    state: str
    detail: str = ""
    url: str | None = None
    version: str | None = None
    degraded: Mapping[str, Any] = field(default_factory=dict)


def missing_models(settings: Settings) -> str | None:
    """Why the parts cannot run yet; None = they can."""
    try:
        select_models(settings)
    except (ConfigurationError, ModelError) as error:
        return str(error)
    return None


def bring_up(settings: Settings, state_dir: Path, report: Report) -> str:
    """Deploy the stream and the API on Ray; deploying again changes only what differs.

    The embedder is remembered as live: one that is added later does not take its place until it is promoted, since it knows
    nothing of what was seen.

    Returns:
        The API's address, which is kept in the state folder.

    Raises:
        SightlineError: a part did not start.
    """
    from actors import pipeline
    from serving import app

    composed = with_api_port(settings)
    LiveModels(state_dir).note(select_models(composed).embedder.spec)
    # Kept first: whatever fails from here on, `sightline down` knows that there are parts to remove.
    host = "127.0.0.1" if composed.serving.host in WILDCARDS else composed.serving.host
    url = f"http://{host}:{composed.serving.port}"
    endpoints.write_api_url(state_dir, url)
    report(STREAM, "starting")
    pipeline.deploy(composed, keep_old_stages=True)
    report(STREAM, "ready")
    report(API, "starting")
    app.deploy(composed)
    pipeline.retire(composed)
    report(API, "ready")
    return url


def take_down(settings: Settings, state_dir: Path, report: Report) -> list[str]:
    """Remove both parts where ``bring_up`` deployed them; what the stream has on its way is committed first.

    Ray may be stopped then: this process has left it. A part that cannot be asked any more ends with Ray.

    Returns:
        The names of those that were removed.
    """
    if not deployed_url(state_dir):
        return []
    try:
        RayHead(settings).probe(settings)  # Ray's own client would go on trying for a minute
    except ServiceError as error:
        log.info("the parts ended with Ray: %s", error)
        endpoints.write_api_url(state_dir, None)
        return []
    from actors import pipeline
    from serving import app
    from sightline.adapters.ray.cluster import leave

    try:
        for name, remove in ((API, app.remove), (STREAM, pipeline.remove)):
            report(name, "stopping")
            try:
                remove(settings)
            except SightlineError as error:
                log.warning("the part %s could not be asked to stop: %s", name, error)
            report(name, "stopped")
    finally:
        leave()
    endpoints.write_api_url(state_dir, None)
    return [API, STREAM]


def deployed_url(state_dir: Path) -> str | None:
    """Where the API is that ``bring_up`` deployed; None = it did not."""
    return endpoints.read_layer(state_dir).get(endpoints.API_SECTION, {}).get("url")


def with_api_port(settings: Settings) -> Settings:
    """The settings to deploy: the API's own port if it runs already, the set one if that is free, else any.

    The same on each ``up``, so that deploying again changes nothing: where the API answers is not part of them.
    """
    serving = settings.serving
    own = urlsplit(serving.url or "").port
    port = own or ports.choose(serving.host, {"http": serving.port})["http"]
    return settings.model_copy(update={"serving": serving.model_copy(update={"port": port, "url": None})})


def stream_health(settings: Settings) -> PartHealth:
    """What the stream's actors say; joins the Ray cluster for that, if ``bring_up`` deployed any.

    Raises:
        SightlineError: Ray does not answer.
    """
    if not settings.serving.url:
        return PartHealth("stopped", missing_models(settings) or NOT_DEPLOYED)
    from actors import pipeline

    actors = pipeline.describe(settings)
    if not actors:
        return PartHealth("stopped", NOT_DEPLOYED)
    troubles = [f"{name}: {said.get('trouble') or said['state']}" for name, said in actors.items() if _is_in_trouble(said)]
    degraded = merged_degradations([said.get("degraded", {}) for said in actors.values()])
    off = [f"without {stage}: {said['off']}" for stage, said in degraded.items() if said["off"]]
    detail = "; ".join([*(troubles or [", ".join(actors)]), *off])
    return PartHealth("unready" if troubles else "ready", detail, version=__version__, degraded=degraded)


def merged_degradations(accounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all camera streams say of what their frames go without, as one: off where any is off, counts added."""
    merged: dict[str, Any] = {}
    for account in accounts:
        for stage, said in account.items():
            known = merged.setdefault(stage, {"off": None, "missed": {}})
            known["off"] = known["off"] or said["off"]
            known["missed"] = dict(Counter(known["missed"]) + Counter(said["missed"]))
    return merged


def api_health(settings: Settings) -> PartHealth:
    """What the API says of itself."""
    url = settings.serving.url
    if not url:
        return PartHealth("stopped", "it waits for models, as the stream" if missing_models(settings) else NOT_DEPLOYED)
    try:
        ready = httpx.get(f"{url}/readyz", timeout=5.0)
        version = httpx.get(f"{url}/healthz", timeout=5.0).json().get("version")
    except (httpx.HTTPError, ValueError) as error:
        return PartHealth("unready", f"does not answer: {error}", url)
    return PartHealth("ready" if ready.is_success else "unready", "" if ready.is_success else _problem(ready), url, version)


def _is_in_trouble(said: dict[str, object]) -> bool:
    return said.get("state") != "running" or bool(said.get("trouble"))


def _problem(answer: httpx.Response) -> str:
    """The problem document's own words, else the start of whatever was answered."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}: {answer.text[:200]}"
