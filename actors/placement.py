"""On which host an actor is started: where there is least of its kind, of those that offer what it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sightline.adapters.ray.cluster import HostReport


def choose_host(hosts: Sequence[HostReport], needed: Mapping[str, float], placed: Counter[str]) -> HostReport | None:
    """The living host for the next actor of a kind; None = it needs nothing special, or nobody offers that yet: Ray decides.

    Args:
        hosts: of the cluster.
        needed: the resources that mark where it may run.
        placed: address -> how many actors of its kind are there.
    """
    if not needed:
        return None
    fit = [host for host in hosts if host.alive and all(host.resources.get(name, 0) >= count for name, count in needed.items())]
    room = [host for host in fit if all(host.resources[name] > placed[host.address] * count for name, count in needed.items())]
    return min(room or fit, key=lambda host: (placed[host.address], host.is_head, host.address), default=None)
