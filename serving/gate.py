"""A bound on how much is done at once; what comes on top is told to come back."""

from __future__ import annotations

from types import TracebackType

from serving.problems import unavailable


class Gate:
    """Lets ``places`` in at a time. For one event loop; not for threads."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._inside = 0

    def __enter__(self) -> None:
        """Raises ProblemError (503 with Retry-After) when all places are taken."""
        if self._inside >= self._places:
            raise unavailable(f"{self._places} searches are in flight, which is the most this process takes; try again")
        self._inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._inside -= 1
