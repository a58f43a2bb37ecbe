"""Keeps a host in the cluster: starts Ray, and Triton where the host has stages, and starts again what dies.

Where somebody ends Ray (``ray stop``, which ``ray down`` runs on the head), the keeper lets Triton go, tells the other hosts
if it is the head's, and ends too. Any other end is a fault: Ray is started again, with growing pauses. Ray's exit code tells
the two not apart: after a stop ``ray start --block`` goes on blocking, or ends as after a crash. So the keeper looks for the
command itself, which takes seconds.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from infra.local.stack import LocalStack
from infra.ray.launch import RayLaunch
from sightline.errors import SightlineError

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
"""`ray stop` takes longer, by the start of Python alone."""
_LOOK_AT_SERVERS_EVERY_S = 5.0
_STEADY_S = 60.0
"""Ray that ran for so long was well: the next pause is the shortest again."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_MOST_FAILURES = 20
"""In a row; with the pauses, eight minutes and more: the head is not coming back."""
_END_S = 8.0


class Keeper:
    """Runs until Ray was ended on purpose, or cannot be kept up.

    Args:
        ray: how Ray is started.
        servers: what runs beside it.
        ended: called once Ray was ended on purpose, before the keeper ends.
        is_being_stopped: whether somebody is just about it.
    """

    def __init__(
        self,
        ray: RayLaunch,
        servers: LocalStack,
        *,
        ended: Callable[[], None],
        is_being_stopped: Callable[[], bool] | None = None,
    ) -> None:
        self._ray = ray
        self._servers = servers
        self._ended = ended
        self._is_being_stopped = is_being_stopped or ray_stop_runs
        self._stopping = threading.Event()

    def run(self) -> int:
        """Work; returns an exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        failures, pause_s = 0, _FIRST_PAUSE_S
        try:
            self._servers.up()
            while not self._stopping.is_set():
                began = time.monotonic()
                code = self._run_ray()
                if code is None:
                    log.info("Ray was ended")
                    self._ended()
                    return 0
                if self._stopping.is_set():
                    return 0
                if time.monotonic() - began > _STEADY_S:
                    failures, pause_s = 0, _FIRST_PAUSE_S
                failures += 1
                if failures == _MOST_FAILURES:
                    log.error("Ray ended %d times in a row; giving up", failures)
                    return 1
                log.warning("Ray ended with code %d; starting it again in %.0f s", code, pause_s)
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            return 0
        finally:
            self._servers.down()

    def _run_ray(self) -> int | None:
        """Ray's exit code; None where somebody ended it on purpose."""
        process = subprocess.Popen(
            self._ray.command, env={**os.environ, **self._ray.environment}, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            return self._watch(process)
        finally:
            _ended(process)  # whatever happens to us, no Ray runs that nobody keeps

    def _watch(self, process: subprocess.Popen[bytes]) -> int | None:
        looked_at_servers = time.monotonic()
        while True:
            over = process.poll() is not None
            if self._is_being_stopped():
                while self._is_being_stopped() and not self._stopping.wait(_LOOK_EVERY_S):
                    pass
                return None
            if over:
                return process.returncode
            if self._stopping.wait(_LOOK_EVERY_S):
                return _ended(process)
            if time.monotonic() - looked_at_servers > _LOOK_AT_SERVERS_EVERY_S:
                self._look_after_servers()
                looked_at_servers = time.monotonic()

    def _look_after_servers(self) -> None:
        """Start what died. What does not start, as on a full disk, is tried again: Ray and what runs on it go on."""
        try:
            self._servers.up()
        except SightlineError as error:
            log.warning("beside Ray: %s", error)


def ray_stop_runs() -> bool:
    """Whether `ray stop` runs on this host now."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        for word, following in itertools.pairwise(words):
            if following == "stop" and (Path(word).name == "ray" or word == "ray.scripts.scripts"):
                return True
    return False


def _ended(process: subprocess.Popen[bytes]) -> int:
    """End Ray, and all that it started on this host: without a head its parts would look for it for another minute."""
    if process.poll() is not None:  # its process id may be another's by now
        return process.returncode
    ray = psutil.Process(process.pid)
    family = [ray, *ray.children(recursive=True)]
    process.terminate()
    _, left = psutil.wait_procs(family, timeout=_END_S)
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    return process.wait()
