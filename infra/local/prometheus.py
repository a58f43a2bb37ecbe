"""Prometheus, Debian's: gathers the figures of every process of the stack. Started by ``sightline up --metrics``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

import httpx
import yaml

from infra.local import cache
from infra.local.cache import Say
from infra.local.records import read_records, write_whole
from infra.local.service import Health, Launch, Layer, LocalService, Ports
from infra.prometheus import RULE_FILES
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings

HOW = "install Prometheus (Debian: apt-get install prometheus), or leave out --metrics"
RETENTION = ("--storage.tsdb.retention.time=15d", "--storage.tsdb.retention.size=2GB")
METRICS_PORTS: Mapping[str, tuple[str, ...]] = {
    "kafka": ("metrics",),
    "triton": ("metrics",),
    "milvus": ("metrics",),
    "ray": ("agent_metrics", "autoscaler_metrics", "dashboard_metrics", "proxy_metrics"),
}
"""Server -> its ports that have figures: the labels ``job`` and ``instance``, as on a cluster (infra/prometheus)."""


class Prometheus(LocalService):
    """Finds our own processes by the files in ``<state_dir>/metrics``, and the servers by one that :meth:`settle` writes."""

    name: ClassVar[str] = "prometheus"

    def external(self, settings: Settings) -> str | None:
        return settings.metrics.prometheus_url

    def usual_ports(self) -> Ports:
        return {"http": self.settings.local.ports.prometheus}

    def prepare(self, say: Say) -> None:
        cache.program("prometheus", how=HOW)

    def launch(self, ports: Ports) -> Launch:
        config = self.folder / "prometheus.yml"
        found = [str(self.state_dir / "metrics" / "*.json"), str(self.folder / "servers.json")]
        scrape = {"job_name": "sightline", "file_sd_configs": [{"files": found, "refresh_interval": "5s"}]}
        rhythm = {"scrape_interval": "5s", "evaluation_interval": "15s"}
        text = yaml.safe_dump({"global": rhythm, "rule_files": [str(RULE_FILES)], "scrape_configs": [scrape]})
        listen = f"--web.listen-address={self.bind_host}:{ports['http']}"
        storage = f"--storage.tsdb.path={self.folder / 'data'}"
        program = cache.program("prometheus", how=HOW)
        return Launch((program, f"--config.file={config}", listen, storage, *RETENTION), files={config: text})

    def addresses(self, ports: Ports) -> Layer:
        return {"metrics": {"prometheus_url": f"http://{self.host}:{ports['http']}"}}

    def url(self, settings: Settings) -> str:
        return (settings.metrics.prometheus_url or "").rstrip("/")

    def probe(self, settings: Settings) -> Health:
        url = self.url(settings)
        try:
            httpx.get(f"{url}/-/ready", timeout=5.0).raise_for_status()
            build = httpx.get(f"{url}/api/v1/status/buildinfo", timeout=5.0).raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable(self.name, f"{url or 'no address'}: {error}") from error
        return Health(str(build["data"]["version"]))

    def settle(self, settings: Settings) -> None:
        records = read_records(self.state_dir)
        targets = [
            {"targets": [f"{self.host}:{records[server].ports[port]}"], "labels": {"job": server, "instance": port}}
            for server, ports in METRICS_PORTS.items()
            for port in ports
            if server in records and port in records[server].ports
        ]
        write_whole(self.folder / "servers.json", json.dumps(targets, indent=2))
