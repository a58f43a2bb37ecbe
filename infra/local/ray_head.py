"""Ray: a cluster of this one machine, on loopback alone.

Ray listens on every interface unless the node's address is 127.0.0.1, and rewrites 127.0.0.1 to an outward address unless
it is told to stay on one machine; both are done here. A driver must not name 127.0.0.1 either, or Ray would rewrite that:
it names ``ray.localhost``, which is loopback as well (RFC 6761). Whatever ``local.bind_host`` says, Ray stays on loopback: it
runs any code that it is sent, and has no authentication here. Like Kafka, Triton and Milvus here it trusts the users of the
machine; a cluster that is reached over a network wants ``RAY_AUTH_MODE=token`` and ``ray.address``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from infra.local import grpc_probe
from infra.local.cache import Say
from infra.local.grpc_probe import GrpcAddress
from infra.local.service import Health, Launch, Layer, LocalService, Ports
from serving.haproxy import node_environment
from sightline.errors import ConfigurationError, ServiceUnavailable
from sightline.settings import Settings
from sightline.threads import SINGLE_THREADED

LOOPBACK = "127.0.0.1"
LOOPBACK_NAME = "ray.localhost"
OBJECT_STORE_BYTES = 400_000_000
LONGEST_TEMP_DIR = 43
"""The path of a Unix socket has at most 107 characters, and Ray puts 64 of its own behind this folder's."""
LOG_BYTES = 16 * 1024 * 1024
GCS_NODES = "/ray.rpc.NodeInfoGcsService"


class RayHead(LocalService):
    """The head node with ``cores.total`` CPUs; ``ray start --block`` ends when one of its parts dies."""

    name: ClassVar[str] = "ray"
    stop_grace_s: ClassVar[float] = 10.0
    most_starts: ClassVar[int] = 3
    """It gives its own parts 30 s to come up, and ends where the machine is too busy for that."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.bind_host = LOOPBACK

    def external(self, settings: Settings) -> str | None:
        return settings.ray.address

    def usual_ports(self) -> Ports:
        others = ("client", "agent", "agent_metrics", "autoscaler_metrics", "dashboard_metrics", "proxy_metrics", "proxy_stats")
        return {"gcs": self.settings.local.ports.ray, **dict.fromkeys(others, 0)}

    def prepare(self, say: Say) -> None:
        """Nothing: it is one of our dependencies."""

    def launch(self, ports: Ports) -> Launch:
        cores = self.settings.cores.total or os.cpu_count() or 1
        options = {
            "node-ip-address": LOOPBACK,
            "port": ports["gcs"],
            "ray-client-server-port": ports["client"],
            "dashboard-agent-listen-port": ports["agent"],
            "metrics-export-port": ports["agent_metrics"],
            "min-worker-port": 0,  # any free one: the usual range may hold other servers' ports
            "max-worker-port": 0,
            "num-cpus": cores,
            "object-store-memory": OBJECT_STORE_BYTES,
            "include-dashboard": "false",
            "include-log-monitor": "false",
            "temp-dir": temp_dir(self.folder),
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        ray = (sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats")
        return Launch((*ray, *flags), self._variables(ports))

    def initialise(self) -> None:
        temp = temp_dir(self.folder)
        shutil.rmtree(temp, ignore_errors=True)  # sessions that have ended
        temp.mkdir(parents=True, mode=0o700)
        for target in (self.state_dir / "metrics").glob("sightline-*.json"):
            target.unlink(missing_ok=True)  # of actors that ended with the last Ray, for Prometheus

    def addresses(self, ports: Ports) -> Layer:
        return {"ray": {"address": f"{LOOPBACK_NAME}:{ports['gcs']}"}}

    def url(self, settings: Settings) -> str:
        return settings.ray.address or ""

    def probe(self, settings: Settings) -> Health:
        token = None if self.external(self.settings) is None else auth_token()
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        address = GrpcAddress(service=self.name, target=self.url(settings), metadata=metadata)
        version = grpc_probe.text(grpc_probe.ask(address, f"{GCS_NODES}/CheckAlive"), 2)
        nodes = grpc_probe.ask(address, f"{GCS_NODES}/GetAllNodeInfo").get(2, [])
        if not nodes:
            raise ServiceUnavailable(self.name, "no node has joined yet")
        return Health(version)

    def _variables(self, ports: Ports) -> dict[str, str]:
        proxy = node_environment(self.folder / "proxy", metrics_port=ports["proxy_metrics"], stats_port=ports["proxy_stats"])
        return {
            **SINGLE_THREADED,
            **proxy,
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # despite its name: a cluster of this machine alone
            "RAY_AUTH_MODE": "disabled",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ROTATION_MAX_BYTES": str(LOG_BYTES),
            "RAY_ROTATION_BACKUP_COUNT": "1",
            "AUTOSCALER_METRIC_PORT": str(ports["autoscaler_metrics"]),
            "DASHBOARD_METRIC_PORT": str(ports["dashboard_metrics"]),
        }


def temp_dir(folder: Path) -> Path:
    """Ray's folder of sessions: in ``folder``, or a short one of this user where that path is too long for sockets.

    Raises:
        ConfigurationError: the short one belongs to somebody else.
    """
    wanted = folder / "tmp"
    if len(str(wanted)) <= LONGEST_TEMP_DIR:
        return wanted
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    short = Path(tempfile.gettempdir()) / f"sightline-{os.getuid()}-{digest}"
    if short.is_symlink() or (short.exists() and short.stat().st_uid != os.getuid()):
        raise ConfigurationError(f"{short} belongs to somebody else: set local.state_dir to a shorter path")
    return short


def auth_token() -> str | None:
    """The token of a cluster of one's own, where Ray's own clients look for it."""
    if token := os.environ.get("RAY_AUTH_TOKEN"):
        return token
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    return path.read_text().strip() if path.is_file() else None
