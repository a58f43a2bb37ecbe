"""Where each process of a cluster serves its metrics: told to the cluster, so that Prometheus can be told by the API.

The entries are kept in Ray's key-value store. A process that comes back takes its predecessor's place; one that was ended on
purpose is taken away by whoever ended it.
"""

from __future__ import annotations

import json
from typing import Any

from ray import exceptions as ray_errors
from ray.experimental import internal_kv

from sightline.adapters.ray.cluster import node_address
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings
from sightline.telemetry import MetricsEndpoint, Registry, forget_target

_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (compared with, never listened on)


def serve_metrics(settings: Settings, registry: Registry, *, job: str, instance: str) -> None:
    """Serve this process's metrics and tell of it, here and to the cluster, if ``metrics.enabled``."""
    if not settings.metrics.enabled:
        return
    host = settings.metrics.host
    seen_as = node_address() if host in _WILDCARDS else host
    targets = settings.state_dir / "metrics"
    endpoint = MetricsEndpoint.open(registry, host=host, job=job, instance=instance, targets=targets, seen_as=seen_as)
    entry = {"targets": [f"{seen_as}:{endpoint.port}"], "labels": {"job": job, "instance": instance}}
    internal_kv._internal_kv_put(_key(instance), json.dumps(entry).encode(), overwrite=True, namespace=_namespace(settings))


def announced_targets(settings: Settings) -> list[dict[str, Any]]:
    """All of them, as Prometheus' HTTP discovery wants them; blocking.

    Raises:
        ServiceUnavailable: the cluster's head does not answer.
    """
    namespace = _namespace(settings)
    try:
        keys = sorted(internal_kv._internal_kv_list(b"", namespace=namespace))
        entries = [internal_kv._internal_kv_get(key, namespace=namespace) for key in keys]
    except (ray_errors.RayError, RuntimeError) as error:
        raise ServiceUnavailable("ray", f"the list of metrics cannot be had: {error}") from error
    return [json.loads(entry) for entry in entries if entry is not None]


def withdraw_target(settings: Settings, instance: str) -> None:
    """Take a process away that was ended on purpose, here and in the cluster: else it would count as one that died."""
    forget_target(settings.state_dir / "metrics", instance)
    internal_kv._internal_kv_del(_key(instance), namespace=_namespace(settings))


def _key(instance: str) -> bytes:
    return instance.encode()


def _namespace(settings: Settings) -> bytes:
    return f"sightline-metrics-{settings.ray.namespace}".encode()
