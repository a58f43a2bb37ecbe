"""Who is in a cluster, asked of its head without Ray's client, which takes seconds to load."""

from __future__ import annotations

from infra.local import grpc_probe
from infra.local.grpc_probe import GrpcAddress
from infra.local.ray_head import auth_token
from infra.ray.launch import GCS_PORT
from sightline.errors import ServiceError

_GET_NODES = "/ray.rpc.NodeInfoGcsService/GetAllNodeInfo"
_NODE_LIST, _NODE_ADDRESS, _DEATH = 2, 2, 29


def members(head: str) -> set[str]:
    """Addresses of the hosts that the head at that address has in its list; none where it does not answer."""
    metadata = (("authorization", f"Bearer {auth_token()}"),)
    try:
        answer = grpc_probe.ask(GrpcAddress("ray", f"{head}:{GCS_PORT}", metadata=metadata), _GET_NODES)
    except ServiceError:
        return set()
    nodes = map(grpc_probe.fields, answer.get(_NODE_LIST, []))
    return {grpc_probe.text(node, _NODE_ADDRESS) for node in nodes if _DEATH not in node}
