"""The servers of the local stack, in the order of their start."""

from __future__ import annotations

from infra.local.kafka import Kafka
from infra.local.milvus import MilvusLite, MilvusStandalone
from infra.local.ray_head import RayHead
from infra.local.service import LocalService
from infra.local.triton import Triton
from sightline.settings import Settings

MILVUS: dict[str, type[LocalService]] = {"lite": MilvusLite, "standalone": MilvusStandalone}


def servers(settings: Settings) -> tuple[type[LocalService], ...]:
    """The servers that these settings ask for."""
    return (Kafka, Triton, MILVUS[settings.milvus.backend], RayHead)
