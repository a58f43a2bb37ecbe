"""A program in a network of its own: reached through the ports that are passed on, and through nothing else."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from support.processes import until

from infra.local import ports, process

pytestmark = pytest.mark.stack

SPEAKER = """
import socket, threading
def serve(connection):
    connection.sendall(b"hello ")
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.close()
server = socket.create_server(("", 7777), backlog=100)
print("up", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


@pytest.fixture
def speaker(tmp_path):
    """A server on every interface of its own network that says hello first and then echoes; and its outer address."""
    port = ports.choose("127.0.0.1", {"a": 0})["a"]
    program = [sys.executable, "-u", "-c", SPEAKER]
    command = [sys.executable, "-m", "infra.local.isolation", f"--forward=127.0.0.1:{port}=7777", "--", *program]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    log = tmp_path / "speaker.log"
    started = process.start(command, environment=environment, cwd=tmp_path, log=log)
    while "up" not in process.tail(log):
        assert process.is_alive(started), process.tail(log)
        time.sleep(0.02)
    yield started, port
    process.kill(started)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += connection.recv(1 << 20)
    return data


def test_what_the_server_says_first_is_not_lost(speaker):
    def greet(_: int) -> bytes:
        with socket.create_connection(("127.0.0.1", speaker[1])) as connection:
            connection.settimeout(20)
            return _read(connection, 6)

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(greet, range(200))) == {b"hello "}


def test_much_goes_through_unchanged_and_the_end_is_passed_on(speaker):
    sent = os.urandom(1 << 20) * 20
    with socket.create_connection(("127.0.0.1", speaker[1])) as connection, ThreadPoolExecutor(1) as pool:
        connection.settimeout(60)
        received = pool.submit(_read, connection, 6 + len(sent))
        connection.sendall(sent)
        assert received.result()[6:] == sent


def test_its_own_port_is_not_the_machines(speaker):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 7777), timeout=5)


def test_the_end_of_either_is_the_end_of_both(speaker):
    started, port = speaker
    (program,) = psutil.Process(started.pid).children()
    os.kill(started.pid, signal.SIGKILL)
    psutil.wait_procs([program], timeout=10)
    assert not program.is_running() or program.status() == psutil.STATUS_ZOMBIE
    # The program is told by the end of the main thread; the port is given back by that of the last one.
    until(lambda: not process.is_alive(started), timeout_s=10, what="the last thread's end")
    assert ports.wait_until_free("127.0.0.1", [port], timeout_s=10)  # others look for free ports by listening on them
