"""When which frames were committed, by partition: read back from the camera states, which every transaction holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.committed import read_camera_states
from sightline.settings import Settings


@dataclass(frozen=True, slots=True)
class Commit:
    """Frames of one partition that one transaction committed, at a Unix time."""

    partition: int
    at_s: float
    frames: int


def read_commit_log(settings: Settings) -> list[Commit]:
    """Every commit of a run, in order of time."""
    known: dict[str, int] = defaultdict(int)
    commits = []
    for record, state in read_camera_states(settings):
        done = state.seen + sum(state.shed.values()) + sum(state.dead.values())
        commits.append(Commit(record.partition, record.timestamp_ms / 1000, done - known[state.camera]))
        known[state.camera] = done
    return sorted(commits, key=lambda commit: commit.at_s)


def middle_fps(commits: Sequence[Commit], *, cut: float = 0.15) -> float:
    """Frames a second of the middle of a run: without the first and the last ``cut`` of the frames, as parts of all.

    Raises:
        ValueError: the middle holds less than two moments.
    """
    total, done = sum(commit.frames for commit in commits), 0
    middle: list[tuple[float, int]] = []
    for commit in commits:
        done += commit.frames
        if cut * total <= done <= (1 - cut) * total:
            middle.append((commit.at_s, done))
    if len(middle) < 2 or middle[-1][0] <= middle[0][0]:
        raise ValueError(f"expected commits over some time in the middle of the run, got {middle}")
    (began_s, before), (ended_s, after) = middle[0], middle[-1]
    return (after - before) / (ended_s - began_s)


def fps_of_each_second(commits: Iterable[Commit], *, since_s: float, seconds: int) -> list[int]:
    """Frames committed in each second from a moment on."""
    counts = [0] * seconds
    for commit in commits:
        second = int(commit.at_s - since_s)
        if 0 <= second < seconds:
            counts[second] += commit.frames
    return counts


def longest_gap_s(commits: Iterable[Commit], partition: int, *, since_s: float, until_s: float) -> float:
    """The longest time without a commit of a partition that touches the span.

    Raises:
        ValueError: the partition was not committed before and after the span.
    """
    times = [commit.at_s for commit in commits if commit.partition == partition]
    before = [at_s for at_s in times if at_s <= since_s]
    after = [at_s for at_s in times if at_s >= until_s]
    if not before or not after:
        raise ValueError(f"partition {partition}: expected commits before {since_s} and after {until_s}")
    within = [at_s for at_s in times if before[-1] <= at_s <= after[0]]
    return max(later - earlier for earlier, later in pairwise(within))
