"""Protobuf's wire format, as far as a probe needs it."""

from __future__ import annotations

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.grpc_probe import GrpcAddress, ask, fields, text
from infra.local.ports import choose
from sightline.errors import ServiceError, ServiceUnavailable


def _varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _encode(parts: list[tuple[int, int | bytes]]) -> bytes:
    """Field numbers with integers (varints) or bytes."""
    encoded = b""
    for number, value in parts:
        if isinstance(value, int):
            encoded += _varint(number << 3) + _varint(value)
        else:
            encoded += _varint(number << 3 | 2) + _varint(len(value)) + value
    return encoded


PARTS = st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 2**64 - 1) | st.binary(max_size=300)))


@given(PARTS)
def test_bytes_are_found_and_numbers_skipped(parts):
    wanted: dict[int, list[bytes]] = {}
    for number, value in parts:
        if isinstance(value, bytes):
            wanted.setdefault(number, []).append(value)
    assert fields(_encode(parts)) == wanted


@given(st.binary(max_size=100))
def test_anything_else_is_refused_or_read(message):
    try:
        found = fields(message)
    except ValueError:
        return
    assert sum(len(value) for values in found.values() for value in values) <= len(message)


def test_fixed_width_numbers_are_skipped():
    message = _varint(1 << 3 | 1) + bytes(8) + _varint(2 << 3 | 5) + bytes(4) + _encode([(3, b"2.60.0")])
    assert text(fields(message), 3) == "2.60.0"
    assert text(fields(message), 4) == ""


def test_nobody_answers():
    port = choose("127.0.0.1", {"a": 0})["a"]
    with pytest.raises(ServiceUnavailable, match="milvus: unavailable"):
        ask(GrpcAddress("milvus", f"127.0.0.1:{port}"), "/a.B/C", timeout_s=2.0)


@pytest.fixture
def server():
    """A gRPC server that knows ``/a.B/Echo`` and refuses all else."""
    from concurrent.futures import ThreadPoolExecutor

    server = grpc.server(ThreadPoolExecutor(1))
    echo = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("a.B", {"Echo": echo}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield GrpcAddress("milvus", f"127.0.0.1:{port}")
    server.stop(None)


def test_an_answer_and_a_refusal(server):
    assert ask(server, "/a.B/Echo", _encode([(2, b"v2.3.5")])) == {2: [b"v2.3.5"]}
    with pytest.raises(ServiceError, match="unimplemented") as refused:
        ask(server, "/a.B/Other")
    assert not isinstance(refused.value, ServiceUnavailable)
