"""What every Kafka client of ours shares: how to connect, and what Kafka's errors mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import errors as kafka_errors

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
        ConfigurationError: no cluster is named and no local stack runs.
    """
    if not settings.bootstrap_servers:
        raise ConfigurationError("no Kafka: start the local stack with `sightline up`, or set kafka.bootstrap_servers")
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "security_protocol": settings.security_protocol,
        "retry_backoff_ms": 5,
        "reconnect_backoff_max_ms": 1000,
        "bootstrap_timeout_ms": 10_000,
    }
    if settings.sasl_mechanism:
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password.get_secret_value() if settings.password else None
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        path = getattr(settings, name)
        if path is not None:
            options[name] = str(path)
    return options


@contextmanager
def kafka_errors_mapped(doing: str) -> Iterator[None]:
    """Turn kafka-python's errors into ours, the cause chained; ``doing`` completes "while …"."""
    try:
        yield
    except FENCED as error:
        raise FencedError(SERVICE, f"{error} while {doing}") from error
    except kafka_errors.KafkaError as error:
        kind = ServiceUnavailable if _may_pass(error) else ServiceError
        raise kind(SERVICE, f"{error} while {doing}") from error
    except OSError as error:
        raise ServiceUnavailable(SERVICE, f"{error} while {doing}") from error


def _may_pass(error: kafka_errors.KafkaError) -> bool:
    transient = (kafka_errors.KafkaTimeoutError, kafka_errors.KafkaConnectionError)
    return bool(error.retriable) or isinstance(error, transient)
