"""What every Kafka client of ours shares: how to connect, and what Kafka's errors mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import errors as kafka_errors

from sightline.adapters.kafka.joining import JoiningClient
from sightline.adapters.kafka.security import advice, security_options
from sightline.errors import ConfigurationError, FencedError, ServiceError, ServiceUnavailable
from sightline.settings import KafkaSettings

SERVICE = "kafka"

FENCED = (
    kafka_errors.ProducerFencedError,
    kafka_errors.InvalidProducerEpochError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.UnknownMemberIdError,
    kafka_errors.FencedInstanceIdError,
    kafka_errors.CommitFailedError,
    kafka_errors.RebalanceInProgressError,
)
"""Somebody else has our partitions, or will have them in a moment."""


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """kafka-python's keyword arguments that reach the cluster.

    Raises:
        ConfigurationError: no cluster is named and no local stack runs, or the security settings cannot work.
    """
    if not settings.bootstrap_servers:
        raise ConfigurationError("no Kafka: start the local stack with `sightline up`, or set kafka.bootstrap_servers")
    return {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "retry_backoff_ms": 5,
        "reconnect_backoff_max_ms": 1000,
        "bootstrap_timeout_ms": 10_000,
        "kafka_client": JoiningClient,
        **security_options(settings),
    }


@contextmanager
def kafka_errors_mapped(doing: str) -> Iterator[None]:
    """Turn kafka-python's errors into ours, the cause chained; ``doing`` completes "while …"."""
    try:
        yield
    except FENCED as error:
        raise FencedError(SERVICE, f"{error} while {doing}") from error
    except kafka_errors.KafkaError as error:
        if to_change := advice(error):
            raise ServiceError(SERVICE, f"{error} while {doing}: {to_change}") from error
        kind = ServiceUnavailable if _may_pass(error) else ServiceError
        raise kind(SERVICE, f"{error} while {doing}") from error
    except OSError as error:
        raise ServiceUnavailable(SERVICE, f"{error} while {doing}") from error


def _may_pass(error: kafka_errors.KafkaError) -> bool:
    transient = (kafka_errors.KafkaTimeoutError, kafka_errors.KafkaConnectionError)
    return bool(error.retriable) or isinstance(error, transient)
