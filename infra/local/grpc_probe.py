"""One question to a gRPC server without its vendor's client: enough to know that it answers, and which version it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from sightline.errors import ConfigurationError, ServiceError, ServiceUnavailable

Metadata = Sequence[tuple[str, str]]
_NO_ACCESS = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
_GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class GrpcAddress:
    """Where a gRPC server is and how it is reached.

    Attributes:
        service: its name in errors, and of its section of the settings.
        target: ``host:port``.
        tls: whether the connection is encrypted.
        root_certificates: a PEM file of the authorities to trust; None = the system's.
        metadata: sent with the call (a token).
    """

    service: str
    target: str
    tls: bool = False
    root_certificates: Path | None = None
    metadata: Metadata = ()


def ask(address: GrpcAddress, method: str, request: bytes = b"", *, timeout_s: float = 5.0) -> dict[int, list[bytes]]:
    """Call ``/package.Service/Method``; both messages are in protobuf's wire format.

    Returns:
        Field number -> the values of that field which are strings, bytes or messages.

    Raises:
        ServiceUnavailable: nobody answers in time.
        ServiceError: the server refused, or is not whom we trust.
        ConfigurationError: the file of certificates cannot be read.
    """
    with _channel(address) as channel:
        call = channel.unary_unary(method, request_serializer=None, response_deserializer=None)
        try:
            return fields(call(request, timeout=timeout_s, metadata=list(address.metadata)))
        except grpc.RpcError as error:
            raise _fault(address, error) from error


def _fault(address: GrpcAddress, error: grpc.RpcError) -> ServiceError:
    service = address.service
    said = f"{error.code().name.lower()} at {address.target}: {error.details()}"
    if error.code() in _NO_ACCESS:
        return ServiceError(service, f"{said}: check {service}.token")
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return ServiceError(service, f"{said}: {service}.ssl_cafile must hold the authority that signed its certificate")
    return (ServiceUnavailable if error.code() in _GONE else ServiceError)(service, said)


def text(message: Mapping[int, list[bytes]], number: int) -> str:
    """The first string of a field, empty where there is none."""
    values = message.get(number)
    return values[0].decode() if values else ""


def fields(message: bytes) -> dict[int, list[bytes]]:
    """The length-delimited fields of a protobuf message (strings, bytes, messages); numbers are skipped.

    Raises:
        ValueError: it is no protobuf message.
    """
    found: dict[int, list[bytes]] = defaultdict(list)
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _BYTES:
            size, at = _varint(message, at)
            found[tag >> 3].append(message[at : at + size])
            at += size
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind} is none of protobuf's")
    if at != len(message):
        raise ValueError("the message ends within a field")
    return dict(found)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A base-128 number, and the position behind it."""
    value = shift = 0
    while at < len(message):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("the message ends within a number")


def _channel(address: GrpcAddress) -> grpc.Channel:
    options = [("grpc.enable_http_proxy", 0)]
    if not address.tls:
        return grpc.insecure_channel(address.target, options=options)
    try:
        roots = address.root_certificates.read_bytes() if address.root_certificates else None
    except OSError as error:
        raise ConfigurationError(f"{address.service}.ssl_cafile cannot be read: {error}") from error
    return grpc.secure_channel(address.target, grpc.ssl_channel_credentials(roots), options=options)
