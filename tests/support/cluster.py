"""A cluster of several hosts through the eyes of whoever runs it: what it says, what it commits, who answers."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from support.hosts import PREFIX, HostNetwork
from support.operator import Operator
from support.product_run import Run


@dataclass
class Cluster:
    """What the days have in common."""

    network: HostNetwork
    operator: Operator
    run: Run
    rooms: dict[str, Path]
    loops: int = 0
    figures: dict[str, float] = field(default_factory=dict)

    def publish(self, loops: int) -> None:
        """Both rooms again, as frames of later hours."""
        for _ in range(loops):
            self.run.publish(self.rooms, first_loop=self.loops)
            self.loops += 1

    def streams(self) -> dict[str, dict[str, Any]]:
        """The camera streams that run, by name."""
        actors = self.operator.status()["actors"]
        return {name: said for name, said in actors.items() if name.startswith("camera-stream") and said["state"] == "running"}

    def note(self, name: str, value: float) -> None:
        self.figures[name] = value
        print(f"{name}: {value:.1f}", flush=True)


@dataclass(frozen=True)
class Asked:
    """When a host was asked a question, and what was wrong with its answer, if anything."""

    at_s: float
    number: int
    trouble: str | None


class Watch:
    """Looks at what is committed, and whether the questions answer, several times a second, until the end of the block."""

    def __init__(self, cluster: Cluster, asked: tuple[int, ...]) -> None:
        self._cluster = cluster
        self._over = threading.Event()
        looks = [self._look_at_kafka, *(partial(self._ask, number) for number in asked)]
        self._threads = [threading.Thread(target=self._again_and_again, args=(look,), daemon=True) for look in looks]
        self.began = time.monotonic()
        self.committed: list[tuple[float, int]] = []
        self.asked: list[Asked] = []

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def rate(self, since_s: float, until_s: float) -> float:
        """Frames a second that were committed between two times of this watch."""
        within = [(at, count) for at, count in self.committed if since_s <= at <= until_s]
        if len(within) < 2 or within[-1][0] == within[0][0]:
            return 0.0
        return (within[-1][1] - within[0][1]) / (within[-1][0] - within[0][0])

    def longest_pause_s(self, since_s: float, until_s: float) -> float:
        """The longest time between two times of this watch in which nothing was committed."""
        moved = [at for (at, count), (_, before) in zip(self.committed[1:], self.committed, strict=False) if count != before]
        times = [since_s, *(at for at in moved if since_s < at < until_s), until_s]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def note_questions(self, when: str, since_s: float) -> list[Asked]:
        """Tell of the questions that were asked from then on; returns them."""
        asked = [one for one in self.asked if one.at_s >= since_s]
        failed = [one for one in asked if one.trouble]
        self._cluster.note(f"questions that failed {when}, %", 100 * len(failed) / len(asked))
        if failed:
            kinds = Counter(f"{one.trouble} of host {one.number}" for one in failed)
            print(f"  the last after {failed[-1].at_s - since_s:.1f} s; {dict(kinds)}", flush=True)
        return asked

    @property
    def now_s(self) -> float:
        return time.monotonic() - self.began

    def _again_and_again(self, look: Callable[[], None]) -> None:
        while not self._over.wait(0.25):
            look()

    def _look_at_kafka(self) -> None:
        at, waiting = self.now_s, self._cluster.run.waiting()
        if waiting is not None:
            self.committed.append((at, -waiting))

    def _ask(self, number: int) -> None:
        at = self.now_s
        self.asked.append(Asked(at, number, trouble(number)))


def trouble(number: int) -> str | None:
    """What is wrong with a host's answer over HTTP, asked from outside; None = nothing."""
    try:
        answer = httpx.get(f"http://{PREFIX}.{number}:8000/healthz", timeout=2)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.is_success else f"status {answer.status_code}"


def answers(number: int) -> bool:
    return trouble(number) is None


def answering(*numbers: int) -> tuple[int, ...]:
    """Those of the hosts that answer now, which are those with a replica of the questions; there is one."""
    found = tuple(number for number in numbers if answers(number))
    assert found, f"none of the hosts {numbers} answers questions"
    return found
