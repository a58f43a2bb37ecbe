"""Free ports: the usual one if nobody has it, else any."""

from __future__ import annotations

import errno
import random
import socket
import time
from collections.abc import Iterable, Mapping

from sightline.errors import ConfigurationError, ServiceUnavailable

LOWEST, HIGHEST = 20_000, 32_000
"""Where free ports are looked for: below the range from which the system takes the ports of outgoing connections. A server
that dies must find its port free when it comes back, and a client that keeps trying to reach it could otherwise be
given that very port, and be connected to itself."""


def choose(host: str, wanted: Mapping[str, int], *, avoid: Iterable[int] = ()) -> dict[str, int]:
    """A free port for each name, the wanted one where it is free; no port twice. 0 = any.

    Args:
        host: the address that will be listened on.
        wanted: name -> the port to try first.
        avoid: ports that somebody else is about to take.

    Raises:
        ConfigurationError: ``host`` is no address of this machine.
    """
    taken = set(avoid)
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        free = port if port and port not in taken and is_free(host, port) else _any_free(host, taken)
        chosen[name] = free
        taken.add(free)
    return chosen


def wait_until_free(host: str, wanted: Iterable[int], *, timeout_s: float) -> bool:
    """Wait until nobody listens on these ports; false if somebody still does after ``timeout_s``."""
    end = time.monotonic() + timeout_s
    left = list(wanted)
    while left := [port for port in left if not is_free(host, port)]:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now, on that address and on loopback.

    Raises:
        ConfigurationError: ``host`` is no address of this machine.
    """
    return all(_can_listen(address, port) for address in {host, "127.0.0.1"})


def require_listener(service: str, address: str) -> None:
    """Check that somebody listens at ``host:port``.

    Raises:
        ServiceUnavailable: nobody does.
    """
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2.0):
            return
    except OSError as error:
        raise ServiceUnavailable(service, f"nobody listens at {address} ({error.strerror or error})") from error


def _can_listen(host: str, port: int) -> bool:
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        # As servers do, so that connections in TIME_WAIT do not count as somebody who listens.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise ConfigurationError(f"cannot listen on {host} (setting local.bind_host): {error.strerror}") from error
    return True


def _any_free(host: str, taken: set[int]) -> int:
    while True:
        port = random.randrange(LOWEST, HIGHEST)
        if port not in taken and is_free(host, port):
            return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
