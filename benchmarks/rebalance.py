"""How long partitions stand still while a second camera stream joins: those that move, and those that stay."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from actors import pipeline
from benchmarks import sleeping_models
from benchmarks.commit_log import longest_gap_s, read_commit_log
from benchmarks.committed import read_commits
from benchmarks.product import Product
from benchmarks.publishing import wait_until_committed
from benchmarks.reporting import say
from benchmarks.scaling_runs import CAMERAS, PARTITIONS, held_partitions, settings_of, wait_for_partitions
from sightline.adapters.kafka.producer import FramePublisher
from sightline.settings import Settings

FPS_OF_A_CAMERA = 3.0
_BEFORE_S, _AFTER_S = 8.0, 5.0


@dataclass(frozen=True, slots=True)
class Takeover:
    """The longest times without a commit of a partition, seconds; each the mean over partitions, and the longest.

    Attributes:
        before: of all partitions, while nothing happened.
        kept, moved: while the second stream joined.
        joined_s: how long that took, with the start of its process.
        restarts: of the streams' sessions: a session that ends gives up all that it holds.
    """

    before: tuple[float, float]
    kept: tuple[float, float]
    moved: tuple[float, float]
    joined_s: float
    restarts: int


def take_over(product: Product) -> Takeover:
    """One camera stream works at an even pace; a second one is deployed beside it."""
    settings = settings_of(product, pipeline={"detector": {"replicas": 4}})
    two = settings.model_copy(update={"stream": settings.stream.model_copy(update={"workers": 2})})
    pipeline.deploy(settings)
    wait_for_partitions(settings)
    with _paced(settings):
        time.sleep(2.0)  # until the first frames are through
        calm_s = time.time()
        time.sleep(_BEFORE_S)
        joins_s = time.time()
        pipeline.deploy(two)
        wait_for_partitions(two)
        joined_s = time.time()
        kept = set(held_partitions(two)["camera-stream-0"])
        time.sleep(_AFTER_S)
    wait_until_committed(settings, timeout_s=120)
    restarts = sum(one.get("restarts", 0) for name, one in pipeline.describe(two).items() if name.startswith("camera-stream"))
    commits = read_commit_log(settings)
    _assert_none_lost(settings)
    pipeline.remove(two)

    def gaps(partitions: set[int], since_s: float, until_s: float) -> tuple[float, float]:
        each = [longest_gap_s(commits, partition, since_s=since_s, until_s=until_s) for partition in partitions]
        return sum(each) / len(each), max(each)

    every = set(range(PARTITIONS))
    found = Takeover(
        before=gaps(every, calm_s, joins_s),
        kept=gaps(kept, joins_s, joined_s),
        moved=gaps(every - kept, joins_s, joined_s),
        joined_s=joined_s - joins_s,
        restarts=restarts,
    )
    say(f"{found}")
    return found


@contextmanager
def _paced(settings: Settings) -> Iterator[None]:
    """All cameras publish at an even pace, in turn, from a thread."""
    ending = threading.Event()

    def publish() -> None:
        publisher = FramePublisher(settings)
        publisher.open()
        frames = sleeping_models.frames(CAMERAS, 1_000_000)
        began_s = time.monotonic()
        for number in count(1):
            publisher.publish(next(frames))
            if ending.wait(max(0.0, began_s + number / (FPS_OF_A_CAMERA * len(CAMERAS)) - time.monotonic())):
                break
        publisher.close(timeout_s=60)

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _assert_none_lost(settings: Settings) -> None:
    commits = read_commits(settings)
    if commits.shed or commits.dead or commits.seen != sum(commit.frames for commit in read_commit_log(settings)):
        raise ValueError(f"expected every frame to be seen, got {commits}")
