"""This machine: its cores, what is watched of it, and the servers that ``sightline up`` starts on it."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from sightline.settings.section import Section


def _default_state_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "sightline"


class CoresSettings(Section):
    total: int | None = Field(default=None, ge=1)
    """How many cores Ray, Triton and ONNX Runtime share; unset = all of this machine."""


class MetricsSettings(Section):
    enabled: bool = True
    host: str = "127.0.0.1"
    prometheus_url: str | None = None
    """``http://host:port`` of the Prometheus that watches all this, for the overview; unset = the local stack's, if any."""
    grafana_url: str | None = None
    """``http://host:port`` of the Grafana that has our dashboards, for links to them; unset = no links."""
    docs_url: str | None = None
    """Where this project can be read, for links to its runbook: ``docs/operations/runbook.md`` is put after it."""


class LocalPorts(Section):
    """Ports that ``sightline up`` tries first; a taken one is replaced by a free one."""

    kafka: int = 9092
    triton_http: int = 8100
    triton_grpc: int = 8101
    triton_metrics: int = 8102
    milvus: int = 19530
    ray: int = 6379
    prometheus: int = 9090


class LocalSettings(Section):
    state_dir: Path = Field(default_factory=_default_state_dir)
    """Everything that the local stack keeps: data, logs, models, crops."""
    bind_host: str = "127.0.0.1"
    """Where the local servers listen. Loopback unless you say otherwise."""
    ports: LocalPorts = LocalPorts()
    start_timeout_s: float = Field(default=120.0, gt=0)
