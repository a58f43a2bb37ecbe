"""One measured step of the spine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.consumption import read_cpu
from benchmarks.reporting import Cell


@dataclass(frozen=True, slots=True)
class Step:
    """Work on a part, repeated.

    Attributes:
        name: of the row.
        server: whose CPU counts: kafka, ray, triton or milvus; "" = none.
        unit: what there are ``count`` of.
        count: how many ``work`` does.
        work: does all of them; what it needs is open and warm.
        close: gives up what it needed.
    """

    name: str
    server: str
    unit: str
    count: int
    work: Callable[[], object]
    close: Callable[[], object] = lambda: None

    def measured(self, servers: Mapping[str, int]) -> tuple[Cell, ...]:
        """Do it: name, count, unit, and milliseconds of one: wall, client CPU, server CPU."""
        watched = {self.server: servers[self.server]} if self.server else {}
        before, cpu_before, began = read_cpu(watched), time.process_time(), time.perf_counter()
        try:
            self.work()
            wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_before
            server_s = sum(read_cpu(watched).since(before).values()) if watched else None
        finally:
            self.close()
        per_one = [None if seconds is None else 1000 * seconds / self.count for seconds in (wall_s, cpu_s, server_s)]
        return self.name, self.count, self.unit, *per_one
