"""How long to wait before the next attempt."""

from __future__ import annotations

from random import Random


class Backoff:
    """Exponential back-off with jitter: each delay twice the last, up to ``longest_s``, then 50-100 % of it by chance."""

    def __init__(self, *, first_s: float, longest_s: float, random: Random) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._random = random
        self._next_s = first_s

    def reset(self) -> None:
        """An attempt went well."""
        self._next_s = self._first_s

    def next_s(self) -> float:
        """Seconds to wait before the next attempt."""
        delay_s = self._next_s * self._random.uniform(0.5, 1.0)
        self._next_s = min(self._longest_s, 2 * self._next_s)
        return delay_s
