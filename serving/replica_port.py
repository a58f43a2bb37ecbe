"""Keeps the port that a Serve replica opens for other deployments off the interfaces that it has no business on."""

from __future__ import annotations

from typing import Any

import ray
from ray.serve._private import replica


def listen_on_node_address_alone() -> None:
    """Call it in a replica before it is ready: its internal gRPC port will be bound to the node's address.

    Ray 2.60 binds that port, which unpickles what it is sent, to every interface, whatever address the node has and
    whatever ``http_options`` say; there is no setting. Others reach it by the node's address, so that is enough.
    """
    bind = replica.add_port_to_grpc_server
    node = ray.util.get_node_ip_address()

    def bind_to_node(server: Any, address: str) -> int:
        host, _, port = address.rpartition(":")
        return int(bind(server, f"{node}:{port}" if host == "[::]" else address))

    replica.add_port_to_grpc_server = bind_to_node
