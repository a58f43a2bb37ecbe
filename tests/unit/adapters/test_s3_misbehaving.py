"""A store that is there and does not do what it should ends a call in bounded time, and is never taken for a picture."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from sightline.adapters.blobs import open_store
from sightline.errors import ServiceUnavailable
from sightline.ports import BlobStore
from sightline.settings import BlobSettings

TIMEOUT_S = 1.5
BOUND_S = 12.0
"""What a call may take on a machine that is very busy; without a timeout each would go on for 18 s and more."""

Answer = Callable[[socket.socket], None]
Store = Callable[[Answer], BlobStore]


def store_at(port: int) -> BlobStore:
    access = BlobSettings(endpoint_url=f"http://127.0.0.1:{port}", key="k", secret="s", timeout_s=TIMEOUT_S)
    return open_store("s3://bucket/prefix", access)


@pytest.fixture
def store() -> Iterator[Store]:
    """A store that gives each connection to a function, once the request's head is there."""
    with ExitStack() as ending:

        def make(answer: Answer) -> BlobStore:
            listener = ending.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve(connection: socket.socket) -> None:
                with connection:
                    heard = b""
                    while b"\r\n\r\n" not in heard and (more := connection.recv(65536)):
                        heard += more
                    with suppress(OSError):  # who asked may have gone
                        answer(connection)

            def accept() -> None:
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:  # the test is over
                        return
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

            threading.Thread(target=accept, daemon=True).start()
            return store_at(listener.getsockname()[1])

        yield make


def timed(call: Callable[[], object]) -> float:
    """How long a call takes that must fail."""
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=r"blobs: bucket/prefix/a\.jpg cannot be .*blobs\.endpoint_url"):
        call()
    return time.monotonic() - began


def test_connections_that_nobody_takes() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        address = listener.getsockname()
        for _ in range(4):  # fills the queue: the next is left without an answer, as by a host that is gone
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(address)
        assert timed(lambda: store_at(address[1]).put("a.jpg", b"x")) < BOUND_S


def test_silence(store: Store) -> None:
    blobs = store(lambda connection: time.sleep(30))
    for call in (lambda: blobs.put("a.jpg", b"x"), lambda: blobs.get("a.jpg"), lambda: blobs.delete("a.jpg")):
        assert timed(call) < BOUND_S


def test_a_picture_that_drips(store: Store) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")
        for _ in range(60):  # never silent for long
            time.sleep(0.3)
            connection.sendall(b"x")

    assert timed(lambda: store(drip).get("a.jpg")) < BOUND_S


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"], ids=["closed", "slow down"])
def test_one_refusal_costs_no_call(store: Store, first: bytes) -> None:
    answers = iter([first, b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npicture"])
    assert store(lambda connection: connection.sendall(next(answers))).get("a.jpg") == b"picture"
    assert next(answers, None) is None


def test_half_a_picture_is_none(store: Store) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789"
    assert timed(lambda: store(lambda connection: connection.sendall(half)).get("a.jpg")) < BOUND_S


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 22\r\n\r\n<html>not here</html>\n",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
    ids=["a web server", "a balancer with nobody behind it", "something else", "nothing"],
)
def test_who_is_no_store(store: Store, answer: bytes) -> None:
    blobs = store(lambda connection: connection.sendall(answer))
    for call in (lambda: blobs.put("a.jpg", b"x"), lambda: blobs.get("a.jpg")):
        assert timed(call) < BOUND_S
