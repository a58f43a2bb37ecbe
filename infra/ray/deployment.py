"""The stream and the questions on a running Ray cluster: put there, asked, drained, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.local.runner import Report
from sightline.adapters.ray.cluster import HostReport, connect, hosts
from sightline.errors import ConfigurationError
from sightline.models.live import LiveModels
from sightline.models.selection import select_models
from sightline.settings import Settings

STATE_DIR_ON_HOSTS = Path("~/.local/state/sightline")
STREAM, QUESTIONS = "stream", "questions"


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """How a cluster is doing.

    Attributes:
        hosts: of Ray, those that died left out once others have their place.
        actors: name -> its own account of itself; ``{"state": "silent"}`` for one that does not answer.
        questions: what Serve says of them, and under ``url`` and ``answers`` what was seen from here.
    """

    hosts: tuple[HostReport, ...]
    actors: Mapping[str, Mapping[str, Any]]
    questions: Mapping[str, Any]

    @property
    def ready(self) -> bool:
        """Whether frames flow and questions are answered."""
        works = [said.get("state") == "running" and not said.get("trouble") for said in self.actors.values()]
        return bool(works) and all(works) and bool(self.questions.get("answers"))

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ready": self.ready,
            "hosts": {host.address: host.document() for host in self.hosts},
            "actors": dict(self.actors),
            "questions": dict(self.questions),
        }


def deploy(settings: Settings, report: Report) -> str:
    """Make the cluster run the stream and the questions as the settings say; what runs already is rolled over to them.

    Frames wait in Kafka where nobody has their camera for a moment; none is lost.

    Returns:
        The questions' address.

    Raises:
        SightlineError: a part did not start, or a setting is missing.
    """
    from actors import pipeline
    from serving import app

    there = for_hosts(settings)
    LiveModels(settings.state_dir).note(select_models(there).embedder.spec)
    report(STREAM, "starting")
    pipeline.deploy(there, keep_old_stages=True)
    report(STREAM, "ready")
    report(QUESTIONS, "starting")
    url = app.deploy(there)
    pipeline.retire(there)
    report(QUESTIONS, "ready")
    return url


def drain(settings: Settings) -> None:
    """Stop reading frames; what is on its way is finished, and questions go on. Deploying again goes on reading."""
    from actors import pipeline

    pipeline.drain(for_hosts(settings))


def remove(settings: Settings, report: Report) -> None:
    """Take the stream and the questions off the cluster; what the stream has on its way is committed first."""
    from actors import pipeline
    from serving import app

    there = for_hosts(settings)
    for part, take_away in ((QUESTIONS, app.remove), (STREAM, pipeline.remove)):
        report(part, "stopping")
        take_away(there)
        report(part, "stopped")


def ask(settings: Settings) -> ClusterStatus:
    """Ask every host, actor and the questions."""
    from actors import pipeline
    from serving import app

    there = for_hosts(settings)
    connect(there)
    url = str(there.serving.url)
    questions = {**app.describe(there), "url": url, "answers": _answers(url)}
    return ClusterStatus(tuple(hosts()), pipeline.describe(there), questions)


def for_hosts(settings: Settings) -> Settings:
    """The settings as the cluster's hosts need them: with nothing that is so on this machine alone.

    Raises:
        ConfigurationError: a server's address is missing: hosts do not find the local stack's.
    """
    needed = {
        "ray.address": settings.ray.address,
        "kafka.bootstrap_servers": settings.kafka.bootstrap_servers,
        "milvus.uri": settings.milvus.uri,
        "triton.url": settings.triton.url,
        "blobs.url": settings.blobs.url,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise ConfigurationError(f"a cluster needs {', '.join(missing)}: see docs/operations/cluster.md for a settings file")
    chosen = "state_dir" in settings.local.model_fields_set
    state_dir = settings.local.state_dir if chosen else STATE_DIR_ON_HOSTS
    serving = settings.serving
    url = serving.url or f"http://{_head(str(settings.ray.address))}:{serving.port}"
    return settings.model_copy(
        update={
            "local": settings.local.model_copy(update={"state_dir": state_dir}),
            "serving": serving.model_copy(update={"url": url}),
        }
    )


def _head(address: str) -> str:
    """The host of ``ray://host:10001`` or ``host:6379``."""
    return str(urlsplit(address if "://" in address else f"ray://{address}").hostname)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5.0).is_success
    except httpx.HTTPError:
        return False
