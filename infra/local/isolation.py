"""Runs a server that insists on every interface where only this machine can reach it.

``python -m infra.local.isolation --forward 127.0.0.1:19530=19530 -- program arguments`` gives the program a network of its
own (a Linux network namespace with nothing but loopback in it) and passes on connections: those to 127.0.0.1:19530 of the
machine go to port 19530 of the program. Two such programs may use the same ports. Either one's end is the other's.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG = 1
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
NOT_ALLOWED = 77
"""Exit code: this machine does not let us make a network namespace."""

_libc = ctypes.CDLL(None, use_errno=True)


def enter_own_network() -> None:
    """Move this process, and what it starts, into a new network namespace; sockets that are open stay where they are.

    Raises:
        PermissionError: neither we nor a user namespace of ours may do so.
    """
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(CLONE_NEWNET) != 0:
        if _libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            raise PermissionError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP | IFF_RUNNING))


class _End(asyncio.Protocol):
    """One end of a forwarded connection: what it reads, the other end writes; a slow writer stops the reader."""

    def __init__(self) -> None:
        self._other: asyncio.Transport | None = None
        self._transport: asyncio.Transport | None = None
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def join(self, other: _End) -> None:
        """Write to ``other`` from now on, first what came before it was there: gRPC servers speak at once."""
        self._other = other._transport
        if self._other is None:
            return
        self._other.write(bytes(self._early))
        self._early.clear()
        if self._transport is None or self._transport.is_closing():
            self._other.close()

    def data_received(self, data: bytes) -> None:
        if self._other is None:
            self._early += data
        else:
            self._other.write(data)

    def pause_writing(self) -> None:
        if self._other is not None:
            self._other.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None:
            self._other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._other is not None:
            self._other.close()


async def _accept(listener: socket.socket, inner_port: int) -> None:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    while True:
        outside, _ = await loop.sock_accept(listener)
        task = loop.create_task(_connect(outside, inner_port))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _connect(outside: socket.socket, inner_port: int) -> None:
    loop = asyncio.get_running_loop()
    try:
        _, inner = await loop.create_connection(_End, "127.0.0.1", inner_port)
    except OSError:
        outside.close()  # the program does not listen yet: to the client it looks as if nobody did
        return
    _, outer = await loop.connect_accepted_socket(_End, outside)
    outer.join(inner)
    inner.join(outer)


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


async def _run(listeners: list[tuple[socket.socket, int]], command: list[str]) -> int:
    program = await asyncio.create_subprocess_exec(*command, preexec_fn=_die_with_parent)
    accepting = [asyncio.create_task(_accept(listener, port)) for listener, port in listeners]
    code = await program.wait()
    for task in accepting:
        task.cancel()
    return code


def _listen(forward: str) -> tuple[socket.socket, int]:
    outer, inner = forward.rsplit("=", 1)
    host, port = outer.rsplit(":", 1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host.strip("[]"), int(port)), family=family, backlog=256)
    listener.setblocking(False)
    return listener, int(inner)


def main() -> None:
    """Exit code: that of the program; 77 where the machine does not allow it."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.isolation", description=__doc__)
    parser.add_argument("--forward", action="append", default=[], metavar="HOST:PORT=INNER_PORT")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    command = [part for part in arguments.command if part != "--"]
    listeners = [_listen(forward) for forward in arguments.forward]
    try:
        enter_own_network()
    except PermissionError as error:
        sys.stderr.write(
            f"this machine does not allow a network namespace ({error}), without which the server would listen on every "
            "interface: set milvus.backend to lite, or milvus.uri to a server that runs elsewhere\n"
        )
        sys.exit(NOT_ALLOWED)
    sys.exit(asyncio.run(_run(listeners, command)))


if __name__ == "__main__":
    main()
