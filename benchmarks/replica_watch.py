"""How many replicas a stage has, again and again, from another thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import ray

from actors.roster import Roster
from sightline.settings import Settings

_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Look:
    """At a Unix time: how many replicas there are, and how many of them have started."""

    at_s: float
    there: int
    started: int


class ReplicaWatch:
    """``with ReplicaWatch(settings, "detector") as watch:``, then ``watch.looks``. The process must have joined the cluster."""

    def __init__(self, settings: Settings, stage: str) -> None:
        self._settings = settings
        self._stage = stage
        self._pings: dict[Any, Any] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.looks: list[Look] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(_EVERY_S):
            self.looks.append(self._look())

    def _look(self) -> Look:
        handles = [
            handle for name in Roster(self._settings).names() if name.startswith(self._stage) and (handle := self._of(name))
        ]
        for handle in handles:
            if handle not in self._pings:
                self._pings[handle] = handle.ping.remote()
        waiting = [self._pings[handle] for handle in handles]
        done = ray.wait(waiting, num_returns=len(waiting), timeout=0)[0] if waiting else []
        return Look(time.time(), len(handles), len(done))

    def _of(self, name: str) -> Any:
        try:
            return ray.get_actor(name, namespace=self._settings.ray.namespace)
        except ValueError:
            return None
