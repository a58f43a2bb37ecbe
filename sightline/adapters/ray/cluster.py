"""Joining a Ray cluster as a driver, and leaving it. What runs on it is composed in ``actors/`` and ``serving/``."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray import exceptions as ray_errors
from ray._private import worker as ray_worker

from sightline.errors import ConfigurationError, ServiceUnavailable
from sightline.settings import Settings

log = logging.getLogger(__name__)

SERVICE = "ray"
_LOOPBACK = ("127.", "localhost", "ray.localhost", "[::1]")
_NO_ANSWER = (ConnectionError, RuntimeError, ray_errors.RayError)
_ATTEMPTS = 3
_PAUSE_S = 2.0
_HEAD_MARK = "node:__internal_head__"
CLIENT_SCHEME = "ray://"
"""Of a cluster that is reached from a machine that is not one of its hosts."""


def connect(settings: Settings) -> None:
    """Join the cluster at ``ray.address``; does nothing if this process has joined it, and leaves another one for it.

    ``host:6379`` is for a process on one of the cluster's hosts, ``ray://host:10001`` for one anywhere else.

    Ray 2.60 asks for a token unless told otherwise. A head on loopback (the local stack's) asks for none, so towards such
    an address authentication is off; towards any other Ray's own setting holds.

    Raises:
        ConfigurationError: no cluster is named and no local stack runs.
        ServiceUnavailable: it does not answer.
    """
    address = settings.ray.address
    if not address:
        raise ConfigurationError("no Ray cluster: start the local stack with `sightline up`, or set ray.address")
    if ray.is_initialized():
        if _is_joined(address):
            return
        leave()
    if address.startswith(_LOOPBACK):
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    if address.startswith(CLIENT_SCHEME):
        _join_from_outside(address, settings.ray.namespace)
        return
    ray_worker.print_to_stdstream = _log_said
    try:
        ray.init(address=address, namespace=settings.ray.namespace, log_to_driver=False, configure_logging=False)
    except _NO_ANSWER as error:
        raise ServiceUnavailable(SERVICE, f"{address} does not answer: {error}") from error


def _log_said(said: Mapping[str, Any], **_: object) -> None:
    """In place of Ray's own, which prints a cluster's mishaps to standard output: into a command's JSON, for one."""
    for line in said["lines"]:
        log.info("Ray says: %s", line)


def _join_from_outside(address: str, namespace: str) -> None:
    """The head starts a process for each client, and gives it 30 s, which on a busy head is not always enough."""
    logging.getLogger("ray").setLevel(logging.ERROR)  # it tells of every argument, and of other patch versions of Python
    for left in reversed(range(_ATTEMPTS)):
        try:
            ray.init(address=address, namespace=namespace, log_to_driver=False)
        except _NO_ANSWER as error:
            if not left:
                raise ServiceUnavailable(SERVICE, f"{address} does not answer: {error}") from error
            leave()
            time.sleep(_PAUSE_S)
        else:
            return


@dataclass(frozen=True, slots=True)
class HostReport:
    """A host of the cluster.

    Attributes:
        node_id: Ray's, of this life of the host.
        address: as the others see it.
        alive: whether it answers its health checks.
        is_head: whether the cluster's tables are kept there.
        resources: what it offers.
    """

    node_id: str
    address: str
    alive: bool
    is_head: bool
    resources: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {"alive": self.alive, "is_head": self.is_head, "resources": dict(self.resources)}


def hosts() -> list[HostReport]:
    """The hosts of the cluster that this process has joined, by address; of one that came back only its new life."""
    found: dict[str, HostReport] = {}
    for node in ray.nodes():
        address, alive = str(node["NodeManagerAddress"]), bool(node["Alive"])
        offers = {name: count for name, count in node["Resources"].items() if not name.startswith(("node:", "accelerator"))}
        if alive or address not in found:
            found[address] = HostReport(str(node["NodeID"]), address, alive, _HEAD_MARK in node["Resources"], offers)
    return [found[address] for address in sorted(found)]


def node_address() -> str:
    """The address of the host that this process runs on, as the cluster knows it."""
    return str(ray.util.get_node_ip_address())


def leave() -> None:
    """Leave the cluster, if this process has joined one; to be called before the cluster is stopped.

    A driver whose cluster has gone waits for it when it ends, and is ended by Ray a minute later whatever it does by then.
    """
    ray.shutdown()


def _is_joined(address: str) -> bool:
    """Whether this process, which has joined a cluster, has joined the one at ``address``."""
    if address.startswith(CLIENT_SCHEME):
        return bool(ray.util.client.ray.is_connected())
    return _port(ray.get_runtime_context().gcs_address) == _port(address)  # Ray rewrites the host


def _port(address: str) -> str:
    return address.rpartition(":")[2]
