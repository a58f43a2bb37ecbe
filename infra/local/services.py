"""The servers of the local stack, in the order of their start."""

from __future__ import annotations

from infra.local.kafka import Kafka
from infra.local.service import LocalService
from infra.local.triton import Triton

SERVERS: tuple[type[LocalService], ...] = (Kafka, Triton)
"""What every stack has."""
