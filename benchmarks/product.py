"""The product on servers of the benchmark's own: started on free ports in a folder that is removed at the end."""

from __future__ import annotations

import logging
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.reporting import say
from infra.local.services import servers
from infra.local.stack import LocalStack
from sightline.adapters.kafka.admin import create_topics
from sightline.adapters.ray.cluster import leave
from sightline.models.repository import ModelRepository
from sightline.settings import LocalPorts, Settings, load_settings, merge

_FREE_PORTS = dict.fromkeys(LocalPorts.model_fields, 0)

Install = Callable[[ModelRepository], object]
"""Puts models into a repository."""


@dataclass(frozen=True, slots=True)
class Product:
    """Running servers; each :meth:`run` has topics, a collection and actors of its own on them."""

    stack: LocalStack
    state_dir: Path

    def run(self, **overrides: Any) -> Settings:
        """Settings of one run; its topics are created."""
        prefix = f"b{uuid.uuid4().hex[:8]}-"
        own: dict[str, Any] = {
            "local": {"state_dir": self.state_dir},
            "kafka": {"topic_prefix": prefix},
            "milvus": {"collection_prefix": prefix.replace("-", "_") + "sightings"},
            "blobs": {"url": (self.state_dir / f"crops-{prefix}").as_uri()},
            "ray": {"namespace": prefix},
        }
        settings = load_settings(**merge(own, overrides))
        create_topics(settings)
        return settings

    def server_pids(self) -> dict[str, int]:
        """Server -> its first process."""
        names = [service.name for service in self.stack.services]
        return {name: record.pid for name in names if (record := self.stack.record(name)) is not None}


@contextmanager
def running(only: Sequence[str] = ("kafka", "triton", "milvus", "ray"), *, install: Install | None = None) -> Iterator[Product]:
    """Start servers, with the models that ``install`` adds; stopped and removed at the end.

    Raises:
        ServiceError, ConfigurationError: a server did not start; the message says why.
    """
    logging.getLogger("kafka").setLevel(logging.ERROR)
    state_dir = Path(tempfile.mkdtemp(prefix="sl-bench-"))
    settings = load_settings(local={"state_dir": state_dir, "ports": _FREE_PORTS})
    stack = LocalStack(settings, servers(settings, only=only))
    try:
        if install is not None:
            install(ModelRepository([state_dir / "models"]))
        say(f"starting {', '.join(only)}")
        stack.up()
        yield Product(stack, state_dir)
    finally:
        say("stopping the servers")
        try:
            if "ray" in only:
                leave()
        finally:
            stack.down()
            shutil.rmtree(state_dir, ignore_errors=True)
