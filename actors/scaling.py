"""How many replicas a stage should have: it follows the calls that wait, neither nervously nor late."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable

from sightline.settings import ScalingSettings


class ReplicaRule:
    """Wants more once more were needed for ``up_after_s`` without a break, fewer once fewer were for ``down_after_s``.

    Args:
        options: how many calls make a replica worth its place, and how long to wait.
        least, most: the bounds.
    """

    def __init__(self, options: ScalingSettings, *, least: int, most: int) -> None:
        self._options = options
        self._least = least
        self._most = most
        self._needs: deque[tuple[float, int]] = deque()
        """When how many were needed, for as long as the longer of the two waits."""

    def wanted(self, now_s: float, *, calls: int, replicas: int) -> int:
        """How many replicas there should be.

        Args:
            now_s: the time, monotonic; must not go back.
            calls: that wait or are being answered, in all replicas together.
            replicas: that there are.
        """
        needed = min(self._most, max(self._least, math.ceil(calls / self._options.calls_per_replica)))
        self._needs.append((now_s, needed))
        longest_s = max(self._options.up_after_s, self._options.down_after_s)
        while len(self._needs) > 1 and self._needs[1][0] <= now_s - longest_s:
            self._needs.popleft()
        bounded = min(self._most, max(self._least, replicas))
        if (more := self._steady(now_s, self._options.up_after_s, min)) is not None and more > bounded:
            return more
        if (fewer := self._steady(now_s, self._options.down_after_s, max)) is not None and fewer < bounded:
            return fewer
        return bounded

    def _steady(self, now_s: float, window_s: float, extreme: Callable[[Iterable[int]], int]) -> int | None:
        """The least or the most that was needed within the window; None = it has not been watched for so long."""
        began_s = now_s - window_s
        if self._needs[0][0] > began_s:
            return None
        ends = [*(when for when, _ in self._needs), math.inf][1:]  # each holds until the next look, however late that came
        return extreme(needed for (_, needed), end in zip(self._needs, ends, strict=True) if end > began_s)
