"""What every Triton client of ours shares: how to connect, and what Triton's errors mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from sightline.errors import ConfigurationError, ModelError, ServiceError, ServiceUnavailable
from sightline.settings import TritonSettings

SERVICE = "triton"

CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # gRPC waits up to two minutes between attempts by default; a restarted Triton is ready after two seconds.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)

REFUSED = frozenset({"INVALID_ARGUMENT", "UNIMPLEMENTED", "OUT_OF_RANGE"})
"""The tensors are wrong: asking again is no use."""
FORBIDDEN = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})


def connect(settings: TritonSettings) -> InferenceServerClient:
    """A client; must be called on the event loop that will use it. Nothing is sent yet.

    Raises:
        ConfigurationError: no server is named and no local stack runs, or the CA file cannot be read.
    """
    if not settings.url:
        raise ConfigurationError("no Triton: start the local stack with `sightline up`, or set triton.url")
    certificates = str(settings.ssl_cafile) if settings.ssl_cafile else None
    try:
        return InferenceServerClient(
            settings.url, ssl=settings.ssl, root_certificates=certificates, channel_args=list(CHANNEL_OPTIONS)
        )
    except OSError as error:
        raise ConfigurationError(f"triton.ssl_cafile cannot be read: {error}") from error


def call_headers(settings: TritonSettings) -> dict[str, str] | None:
    """The headers of each call."""
    return {"authorization": f"Bearer {settings.token.get_secret_value()}"} if settings.token else None


def status_of(error: InferenceServerException) -> str:
    """The name of its gRPC status: ``UNAVAILABLE``, ``NOT_FOUND``, …"""
    return str(error.status() or "UNKNOWN").removeprefix("StatusCode.")


@contextmanager
def triton_errors_mapped(doing: str) -> Iterator[None]:
    """Turn Triton's errors into ours, the cause chained; ``doing`` completes "while …".

    What is neither a fault of the request nor of our rights may pass, a crashed model included (see reviving.py).
    """
    try:
        yield
    except InferenceServerException as error:
        status = status_of(error)
        message = f"{error.message()} ({status}) while {doing}"
        if status in REFUSED:
            raise ModelError(f"{SERVICE}: {message}") from error
        if status in FORBIDDEN:
            raise ServiceError(SERVICE, f"{message}: check triton.token") from error
        raise ServiceUnavailable(SERVICE, message) from error
