"""What processes cost: CPU seconds and memory of a process and its children."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class CpuReading:
    """CPU seconds (user and system) by part, at a moment."""

    at_s: float
    seconds: Mapping[str, float]

    def since(self, earlier: CpuReading) -> dict[str, float]:
        """CPU seconds of each part in between; a part that is gone or new counts from nothing."""
        return {part: max(0.0, used - earlier.seconds.get(part, 0.0)) for part, used in self.seconds.items()}


def read_cpu(pids: Mapping[str, int]) -> CpuReading:
    """CPU seconds of each part's process tree; a process that is itself a part counts there alone.

    Ray's actors are children of Ray: named as parts, they are taken out of it.
    """
    parts = set(pids.values())
    seconds = {name: sum(map(_cpu_s, _tree(pid, apart_from=parts - {pid}))) for name, pid in pids.items()}
    return CpuReading(time.perf_counter(), seconds)


def rss_mib(pid: int) -> float:
    """Resident memory of one process, MiB; 0 once it is gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def _tree(pid: int, *, apart_from: Iterable[int]) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        apart = set(apart_from)
        return [process for process in (root, *root.children(recursive=True)) if process.pid not in apart]
    except psutil.NoSuchProcess:
        return []


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
