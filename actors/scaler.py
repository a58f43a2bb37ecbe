"""Keeps the number of each stage's replicas in step with its load."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from actors.scaling import ReplicaRule

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5


class Replicas(Protocol):
    """The replicas of one stage, as the scaler sees them."""

    def calls(self) -> list[int]:
        """Of each replica: calls that wait or are being answered, as far as it is known."""
        ...

    def resize(self, count: int) -> None:
        """Make it ``count`` replicas; who goes finishes what it has. Does nothing where there are as many already."""
        ...


class Scaler:
    """Looks at every stage twice a second. ``run`` blocks its thread; the rest may be called from any other.

    Args:
        stages: name -> its replicas and the rule for their number.
        clock: seconds, monotonic.
    """

    def __init__(self, stages: Mapping[str, tuple[Replicas, ReplicaRule]], *, clock: Callable[[], float]) -> None:
        self._stages = stages
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until :meth:`stop`."""
        while not self._stopping.wait(_LOOK_EVERY_S):
            for stage, (replicas, rule) in self._stages.items():
                self._look(stage, replicas, rule)

    def stop(self) -> None:
        """Ask :meth:`run` to return."""
        self._stopping.set()

    def describe(self) -> dict[str, Any]:
        """How many replicas each stage has."""
        return {"replicas": dict(self._counts)}

    def _look(self, stage: str, replicas: Replicas, rule: ReplicaRule) -> None:
        calls = replicas.calls()
        wanted = rule.wanted(self._clock(), calls=sum(calls), replicas=len(calls))
        self._counts[stage] = wanted
        if wanted != len(calls):
            log.info("%s: %d calls on their way, from %d to %d replicas", stage, sum(calls), len(calls), wanted)
            replicas.resize(wanted)
