"""The servers of the local stack, in the order of their start."""

from __future__ import annotations

from collections.abc import Collection

from infra.local.kafka import Kafka
from infra.local.milvus import MilvusLite, MilvusStandalone
from infra.local.prometheus import Prometheus
from infra.local.ray_head import RayHead
from infra.local.service import LocalService
from infra.local.triton import Triton
from sightline.settings import Settings

MILVUS: dict[str, type[LocalService]] = {"lite": MilvusLite, "standalone": MilvusStandalone}


def servers(
    settings: Settings, *, metrics: bool = False, only: Collection[str] | None = None
) -> tuple[type[LocalService], ...]:
    """The servers that these settings ask for.

    Args:
        settings: say which Milvus.
        metrics: Prometheus too.
        only: names of those that are wanted; None = all.
    """
    every: list[type[LocalService]] = [Kafka, Triton, MILVUS[settings.milvus.backend], RayHead]
    if metrics or (only is not None and Prometheus.name in only):
        every.append(Prometheus)
    return tuple(kind for kind in every if only is None or kind.name in only)
