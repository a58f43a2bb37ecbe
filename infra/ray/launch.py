"""How Ray is started on one host of a cluster."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.ray.hosts import Host
from serving.haproxy import node_environment
from sightline.threads import SINGLE_THREADED

GCS_PORT = 6379
CLIENT_PORT = 10001
METRICS_PORT = 8090
"""Of Ray's agent on every host: for Prometheus."""
PROXY_METRICS_PORT, PROXY_STATS_PORT = 9091, 8404
BOOTSTRAP_CONFIG = Path("~/ray_bootstrap_config.yaml")
"""Written by ``ray up`` on the head."""

HEALTH_CHECKS: Mapping[str, str] = {
    "RAY_health_check_initial_delay_ms": "2000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}
"""A host that is gone is noticed in about two seconds; Ray's own default is 15 s. A host that is only slow may be taken for
dead by less than this: its raylet would have to be silent for three checks in a row."""

HEAD_AWAY_S = 600
"""How long hosts go on without the head, with all that runs on them; then they end themselves."""


@dataclass(frozen=True, slots=True)
class RayLaunch:
    """A command and its environment, on top of the host's own."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def told(self) -> str:
        """What changes when the host would have to be started anew."""
        return json.dumps([list(self.command), sorted(self.environment.items())])


def ray_launch(host: Host, *, address: str, head: str | None, state_dir: Path) -> RayLaunch:
    """Ray on a host.

    Args:
        host: what it is for.
        address: its own, as the others see it.
        head: the head's address; None = it is the head.
        state_dir: where the cluster's tables, and the proxy's program, are kept.
    """
    options: dict[str, object] = {
        "node-ip-address": address,
        "metrics-export-port": METRICS_PORT,
        "resources": json.dumps(host.resources()),
        "num-cpus": host.cpus,
        "num-gpus": host.gpus,
        "object-store-memory": host.object_store_mb and host.object_store_mb * 1024**2,
    }
    if head is None:
        options |= {
            "port": GCS_PORT,
            "ray-client-server-port": CLIENT_PORT,
            "dashboard-host": address,
            "include-dashboard": str(host.dashboard).lower(),
            "autoscaling-config": BOOTSTRAP_CONFIG.expanduser(),
        }
    else:
        options["address"] = f"{head}:{GCS_PORT}"
    flags = [f"--{name}={value}" for name, value in options.items() if value is not None]
    ray = (sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats")
    command = (*ray, *(["--head"] if head is None else []), *flags)
    return RayLaunch(command, _environment(state_dir))


def _environment(state_dir: Path) -> dict[str, str]:
    proxy = node_environment(state_dir / "proxy", metrics_port=PROXY_METRICS_PORT, stats_port=PROXY_STATS_PORT)
    return {
        **SINGLE_THREADED,
        **HEALTH_CHECKS,
        **proxy,
        "RAY_AUTH_MODE": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_enable_autoscaler_v2": "0",  # it knows nothing of machines that one has
        # The head's tables outlive its process and its machine's restart, so hosts and actors are found again.
        "RAY_gcs_storage": "rocksdb",
        "RAY_gcs_storage_path": str(state_dir / "gcs"),
        "RAY_gcs_rpc_server_reconnect_timeout_s": str(HEAD_AWAY_S),
    }
