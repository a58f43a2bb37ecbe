"""The frames of one partition between reading and commit: worked on side by side, their effects in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

from actors.outcome import Outcome
from sightline.types import CameraState


class Turn:
    """``async with turn`` waits until the frame before has had its turn, and lets the next one in at the end."""

    def __init__(self, before: asyncio.Event | None) -> None:
        self._before = before
        self.over = asyncio.Event()

    async def __aenter__(self) -> None:
        if self._before is not None:
            await self._before.wait()
            self._before = None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:  # after a failure the order is broken: whoever comes next must not go on
            self.over.set()


class Lane:
    """One partition that we hold.

    Attributes:
        partition: its number.
        states: camera -> its state after the last frame that had its turn (not only after what is committed).
    """

    def __init__(self, partition: int, states: Mapping[str, CameraState]) -> None:
        self.partition = partition
        self.states = dict(states)
        self._work: deque[asyncio.Task[Outcome]] = deque()
        self._last: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._work)

    def state(self, camera: str) -> CameraState:
        """The camera's state; a new one for a camera never seen before."""
        return self.states.get(camera) or CameraState(camera)

    def add(self, way: Callable[[Turn], Awaitable[Outcome]]) -> None:
        """Start a frame on its way; frames must be added in order of their offsets."""
        turn = Turn(self._last)
        self._last = turn.over
        self._work.append(asyncio.ensure_future(way(turn)))

    def completed(self) -> list[Outcome]:
        """Outcomes of the oldest frames, up to the first that is still on its way.

        Raises:
            Exception: what a frame's way raised: the session must end and begin again from the last commit.
        """
        outcomes = []
        for task in self._work:
            if not task.done():
                break
            outcomes.append(task.result())
        return outcomes

    def forget(self, count: int) -> None:
        """Let go of the ``count`` oldest frames: they are committed."""
        for _ in range(count):
            self._work.popleft()

    def drop(self) -> None:
        """Give everything up: the partition is somebody else's now, or the session is over."""
        for task in self._work:
            task.cancel()
        self._work.clear()
