"""Hosts of a cluster's file that are not in the cluster, taken into it from the head.

Ray's monitor sets a host up when it joins, and starts Ray there again when it falls silent. Where that fails once (the host was
off for longer than a quarter of an hour, it has a new disk, the package registry was away), the monitor never tries again.
The head's keeper does.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sightline.errors import SightlineError
from sightline.ports import Clock

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 15.0
_MONITORS_TURN_S = 90.0
"""How long a host must have been absent: the monitor begins to care after 30 s."""
_AGAIN_S = 60.0
"""From the end of an attempt to the next."""
_MOST_AT_ONCE = 4
_BEING_UPDATED = frozenset({"waiting-for-ssh", "syncing-files", "setting-up"})
"""What Ray's monitor says of a host that it works on."""


class AbsentHosts:
    """Looks after them, from threads of its own: whatever goes wrong here, Ray on this host goes on.

    Args:
        wanted: addresses of the hosts that should be in the cluster and that nobody works on.
        known: addresses of those that are; empty where the cluster does not answer.
        take_in: sets a host up and starts it; blocking. Raises SightlineError.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        *,
        wanted: Callable[[], set[str]],
        known: Callable[[], set[str]],
        take_in: Callable[[str], None],
        clock: Clock = time.monotonic,
    ) -> None:
        self._wanted = wanted
        self._known = known
        self._take_in = take_in
        self._clock = clock
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        """Absent host -> when it is our turn."""
        self._working: set[str] = set()

    def start(self) -> None:
        """Look again and again, for as long as the process lives."""
        threading.Thread(target=self._look_for_ever, name="absent hosts", daemon=True).start()

    def _look_for_ever(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            try:
                self.look()
            except Exception:
                log.exception("absent hosts cannot be looked after now")

    def look(self) -> None:
        """Begin to take in those whose time has come, each in a thread of its own."""
        known = self._known()
        absent = self._wanted() - known if known else set()
        with self._lock:
            now = self._clock()
            self._due = {host: self._due.get(host, now + _MONITORS_TURN_S) for host in absent}
            for host in sorted(host for host, due in self._due.items() if now >= due and host not in self._working):
                if len(self._working) == _MOST_AT_ONCE:
                    return
                self._working.add(host)
                threading.Thread(target=self._work, args=(host,), name=f"take in {host}", daemon=True).start()

    def _work(self, host: str) -> None:
        try:
            self._take_in(host)
            log.info("%s was absent and is set up and started anew", host)
        except SightlineError as error:
            log.warning("%s is absent and cannot be taken in: %s", host, error)
        finally:
            with self._lock:
                self._due[host] = self._clock() + _AGAIN_S
                self._working.discard(host)


def left_to_us(state: Path) -> set[str]:
    """The workers that Ray's monitor has in its list, but for those that it works on, or is about to.

    Args:
        state: the file that its provider of machines that one has keeps; none are where it is not there.
    """
    try:
        listed = json.loads(state.read_text())
    except (OSError, ValueError):  # it is being written
        return set()
    return {
        resolved(name)
        for name, host in listed.items()
        if host["state"] == "running"
        and host["tags"].get("ray-node-type") == "worker"
        and host["tags"].get("ray-node-status") not in _BEING_UPDATED
    }


def resolved(name: str) -> str:
    """The address of a host of the cluster's file, which may have its name."""
    try:
        return socket.gethostbyname(name)
    except OSError:
        return name
