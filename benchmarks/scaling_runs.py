"""Runs of the whole stream with models that only sleep: so many replicas, so many camera streams."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors import pipeline
from benchmarks import sleeping_models
from benchmarks.commit_log import middle_fps, read_commit_log
from benchmarks.committed import read_commits
from benchmarks.consumption import read_cpu
from benchmarks.product import Product
from benchmarks.publishing import publish_all, wait_until_committed
from benchmarks.reporting import say
from sightline.settings import Settings, merge

PARTITIONS = 8
CAMERAS = sleeping_models.camera_of_each_partition(PARTITIONS)
"""One for each partition."""
_READY_S = 120.0


@dataclass(frozen=True, slots=True)
class StreamRun:
    """What a run took.

    Attributes:
        fps: frames a second in the middle of it.
        busy_cores: of the whole product: CPU seconds a second.
    """

    fps: float
    busy_cores: float


def settings_of(product: Product, **overrides: Any) -> Settings:
    """Of a run in replay mode: stages as actors, a detector that takes one picture a call, and a camera to a partition."""
    own: dict[str, Any] = {
        "kafka": {"partitions": PARTITIONS},
        "stream": {"mode": "replay"},
        "pipeline": {
            "fused": False,
            "detector": {"max_batch_size": 1, "max_wait_ms": 0},
            "pose": {"enabled": False},
            "dense": {"enabled": False},
        },
    }
    return product.run(**merge(own, overrides))


def run_stream(product: Product, count: int, **overrides: Any) -> StreamRun:
    """Deploy the stream, publish all frames at once, and let it work them off."""
    settings = settings_of(product, **overrides)
    pipeline.deploy(settings)
    wait_for_partitions(settings)
    parts = product.server_pids() | {name: one["pid"] for name, one in pipeline.describe(settings).items() if "pid" in one}
    before, began_s = read_cpu(parts), time.monotonic()
    publish_all(settings, sleeping_models.frames(CAMERAS, count))
    wait_until_committed(settings, timeout_s=300)
    busy_cores = sum(read_cpu(parts).since(before).values()) / (time.monotonic() - began_s)
    fps = middle_fps(read_commit_log(settings))
    assert_all_seen(settings, count)
    pipeline.remove(settings)
    return StreamRun(fps, busy_cores)


def wait_for_partitions(settings: Settings) -> None:
    """Wait until the camera streams hold all partitions, each some."""
    workers = settings.stream.workers

    def shared() -> bool:
        held = list(held_partitions(settings).values())
        return len(held) == workers and all(held) and sum(map(len, held)) == settings.kafka.partitions

    wait_until(shared, what=f"{workers} camera streams to hold all partitions")


def held_partitions(settings: Settings) -> dict[str, list[int]]:
    """Camera stream -> the partitions that it says it holds."""
    return {name: one["partitions"] for name, one in pipeline.describe(settings).items() if "partitions" in one}


def assert_all_seen(settings: Settings, count: int) -> None:
    """Raises ValueError unless every published frame was seen, and none twice."""
    commits = read_commits(settings)
    if (commits.seen, commits.shed, commits.dead) != (count, 0, 0):
        raise ValueError(f"expected {count} frames seen, got {commits}")


def wait_until(true: Callable[[], bool], *, what: str, timeout_s: float = _READY_S, every_s: float = 0.5) -> None:
    """Wait for something to be true.

    Raises:
        TimeoutError: it was not, in time.
    """
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(every_s)
    say(what)
