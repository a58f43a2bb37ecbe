"""How to reach a Milvus server, and what its errors mean to us."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from pymilvus import MilvusClient, MilvusException

from sightline.errors import ConfigurationError, InputError, ServiceUnavailable, SightlineError
from sightline.settings import MilvusSettings

SERVICE = "milvus"
CONNECT_TIMEOUT_S = 5.0

ABSENT = frozenset({100, 101})
"""Codes of a collection that is not there, or not loaded: it was dropped, or the server started again."""

_REFUSED = frozenset({6, 1100})
"""Codes of a request that will never be accepted, however often it is repeated."""

_NO_ACCESS = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)

_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED"

NO_RETRIES = {"retry_times": 0}
"""pymilvus repeats a call whose answer was lost. A repeated insert may keep every row twice: whoever asked must decide
with ``maybe_present``, so each call is sent once. Its deadline is the channel's, since with a timeout argument pymilvus
ignores ``retry_times``."""


def connect(settings: MilvusSettings) -> MilvusClient:
    """A connection of our own; safe for a few threads. Close it with ``close()``.

    Raises:
        ConfigurationError: no server is named and no local stack runs, it refuses the token, or is not whom we trust.
        ServiceUnavailable: the server does not answer.
    """
    # It logs a traceback of every error that it also raises, those that we expect among them.
    logging.getLogger("pymilvus.decorators").setLevel(logging.CRITICAL)
    if not settings.uri:
        raise ConfigurationError("no Milvus: start the local stack with `sightline up`, or set milvus.uri")
    deadline = {"methodConfig": [{"name": [{}], "timeout": f"{settings.timeout_s}s"}]}
    with milvus_errors_mapped(f"connecting to {settings.uri} (milvus.uri)"):
        return MilvusClient(
            settings.uri,
            token=settings.token.get_secret_value() if settings.token else "",
            timeout=min(CONNECT_TIMEOUT_S, settings.timeout_s),
            dedicated=True,
            grpc_options={"grpc.service_config": json.dumps(deadline)},
            **_trust(settings),
        )


def _trust(settings: MilvusSettings) -> dict[str, str]:
    """pymilvus' keyword argument that names whom to trust."""
    if settings.ssl_cafile is None:
        return {}
    try:
        settings.ssl_cafile.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"milvus.ssl_cafile {settings.ssl_cafile} cannot be read: {error.strerror}") from error
    return {"server_pem_path": str(settings.ssl_cafile)}


@contextmanager
def milvus_errors_mapped(doing: str) -> Iterator[None]:
    """Turn pymilvus' errors into ours, the cause chained; ``doing`` completes "while …".

    A server that starts, recovers or is overloaded answers with many codes, so what is not known to be for good is
    taken to pass: :class:`ServiceUnavailable`.
    """
    try:
        yield
    except MilvusException as error:
        if isinstance(error.__cause__, grpc.RpcError):  # of a connection that was not made
            raise _of_call(error.__cause__, doing) from error
        if error.code in _REFUSED or error.is_input_error:
            raise InputError(f"{SERVICE} refused: {error.message} while {doing}") from error
        raise ServiceUnavailable(SERVICE, f"{error.message} (code {error.code}) while {doing}") from error
    except grpc.RpcError as error:
        raise _of_call(error, doing) from error


def _of_call(error: grpc.RpcError, doing: str) -> SightlineError:
    what = f"{error.details()} while {doing}"
    if error.code() in _NO_ACCESS:
        return ConfigurationError(f"{SERVICE}: {what}: check milvus.token")
    if _NOT_TRUSTED in what:
        return ConfigurationError(f"{SERVICE}: {what}: milvus.ssl_cafile must hold the authority that signed its certificate")
    return ServiceUnavailable(SERVICE, f"{error.code().name.lower()}: {what}")
