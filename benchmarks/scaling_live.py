"""A load that comes and goes, and the replicas that follow it: a timeline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actors import pipeline
from benchmarks import sleeping_models
from benchmarks.commit_log import Commit, fps_of_each_second, read_commit_log
from benchmarks.product import Product
from benchmarks.publishing import publish_all, wait_until_committed
from benchmarks.replica_watch import Look, ReplicaWatch
from benchmarks.reporting import Cell, Table, say
from benchmarks.scaling_runs import CAMERAS, assert_all_seen, settings_of, wait_for_partitions, wait_until

MOST, UP_AFTER_S, DOWN_AFTER_S = 4, 1.0, 5.0
_AFTERWARDS_S = 2.0


@dataclass(frozen=True, slots=True)
class LoadRun:
    """What happened since the load came, in seconds from then.

    Attributes:
        seconds: rows of the timeline: second, replicas, those that have started, frames committed in it.
        grown_s: until all replicas had started.
        done_s: until the last frame was committed.
        shrunk_s: until one was left.
    """

    seconds: list[tuple[Cell, ...]]
    grown_s: float
    done_s: float
    shrunk_s: float

    def table(self) -> Table:
        """The timeline."""
        return Table("A load that comes and goes", ("second", "replicas", "of them started", "frames committed"), self.seconds)


def follow_load(product: Product, count: int) -> LoadRun:
    """Deploy one replica that may become :data:`MOST`, publish all frames at once, and wait until one is left."""
    scaled: dict[str, Any] = {
        "detector": {"replicas": 1, "max_replicas": MOST},
        "scaling": {"up_after_s": UP_AFTER_S, "down_after_s": DOWN_AFTER_S},
    }
    settings = settings_of(product, pipeline=scaled)
    pipeline.deploy(settings)
    wait_for_partitions(settings)
    say(f"{count} frames at once for one replica that may become {MOST}")
    with ReplicaWatch(settings, "detector") as watch:
        began_s = time.time()
        publish_all(settings, sleeping_models.frames(CAMERAS, count))
        wait_until_committed(settings, timeout_s=300)
        wait_until(lambda: watch.looks[-1].there == 1, what="one replica is left")
        time.sleep(_AFTERWARDS_S)
    assert_all_seen(settings, count)
    commits = read_commit_log(settings)
    pipeline.remove(settings)
    return _run(watch.looks, commits, began_s)


def _run(looks: Sequence[Look], commits: Sequence[Commit], began_s: float) -> LoadRun:
    seconds = int(looks[-1].at_s - began_s)
    frames = fps_of_each_second(commits, since_s=began_s, seconds=seconds)
    rows: list[tuple[Cell, ...]] = []
    for second in range(seconds):
        look = next((one for one in looks if one.at_s >= began_s + second), looks[-1])
        rows.append((second, look.there, look.started, frames[second]))
    grown = next((look.at_s for look in looks if look.started == MOST), None)
    if grown is None:
        raise ValueError(f"expected {MOST} replicas under load, there were at most {max(look.started for look in looks)}")
    shrunk = next(look.at_s for look in looks if look.at_s > grown and look.there == 1)
    return LoadRun(rows, grown - began_s, commits[-1].at_s - began_s, shrunk - began_s)
