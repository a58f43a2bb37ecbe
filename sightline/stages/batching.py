"""Concurrent small calls merged into few large ones: a model takes eight crops in one call for less than eight calls of one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ModelError
from sightline.ports import Inference, Tensors

Outputs = dict[str, NDArray[Any]]
Signature = tuple[str, tuple[tuple[str, str, tuple[int, ...]], ...]]
"""Model, and name, dtype and shape of an item of each tensor: calls of one signature can be merged."""


@dataclass(slots=True, eq=False)
class _Part:
    """A call, or a piece of one that was larger than a batch may be."""

    signature: Signature
    inputs: Tensors
    rows: int
    due: float
    answer: asyncio.Future[Outputs]


class MicroBatcher:
    """An :class:`~sightline.ports.Inference` that merges concurrent calls along their first axis.

    A batch leaves when it is full or ``max_wait_s`` after its first call came; while ``max_in_flight`` batches are on their
    way none leaves, and the next one grows. Calls are never reordered, and never cut unless they are larger than a batch;
    a call of no rows is refused (its outputs are the caller's to make up). A batch that fails fails its own callers only;
    where the model refuses it (ModelError), each of its calls is tried alone, so that one bad call harms no other. A caller
    that is cancelled takes its rows out of a batch that has not left.

    Used on one event loop. At most ``max_waiting`` calls wait in it; who comes later waits outside, in order.
    """

    def __init__(
        self,
        inference: Inference,
        *,
        max_batch_size: int,
        max_wait_s: float,
        max_in_flight: int = 2,
        max_waiting: int = 256,
    ) -> None:
        if max_batch_size < 1 or max_in_flight < 1 or max_waiting < 1 or max_wait_s < 0:
            raise ValueError("expected max_batch_size, max_in_flight and max_waiting of 1 or more, and no negative wait")
        self._inference = inference
        self._max_batch_size = max_batch_size
        self._max_wait_s = max_wait_s
        self._max_in_flight = max_in_flight
        self._places = asyncio.Semaphore(max_waiting)
        self._waiting: deque[_Part] = deque()
        self._batches: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def infer(self, model: str, inputs: Tensors) -> Outputs:
        """Run one call, see :class:`sightline.ports.Inference`.

        Raises:
            ValueError: there are no tensors, or no rows, or the tensors have different numbers of rows.
        """
        rows = _rows(inputs)
        answers: list[asyncio.Future[Outputs]] = []
        try:
            for start in range(0, rows, self._max_batch_size):
                piece = {name: array[start : start + self._max_batch_size] for name, array in inputs.items()}
                answers.append(await self._submit(model, piece))
            outputs = await asyncio.gather(*answers)
        except BaseException:
            for answer in answers:
                if answer.done() and not answer.cancelled():
                    answer.exception()  # seen: asyncio would complain of a failure that nobody looked at
                answer.cancel()
            raise
        return outputs[0] if len(outputs) == 1 else _joined(outputs)

    async def close(self) -> None:
        """Cancel what waits and what is on its way; later calls are refused with RuntimeError."""
        self._closed = True
        while self._waiting:
            self._waiting.popleft().answer.cancel()
        self._set_timer(None)
        for batch in self._batches:
            batch.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)

    async def _submit(self, model: str, inputs: Tensors) -> asyncio.Future[Outputs]:
        await self._places.acquire()
        if self._closed:
            self._places.release()
            raise RuntimeError("the batcher is closed")
        loop = asyncio.get_running_loop()
        part = _Part(
            signature=(model, tuple((name, array.dtype.str, array.shape[1:]) for name, array in sorted(inputs.items()))),
            inputs=inputs,
            rows=_rows(inputs),
            due=loop.time() + self._max_wait_s,
            answer=loop.create_future(),
        )
        part.answer.add_done_callback(lambda _: self._places.release())
        self._waiting.append(part)
        self._send_what_is_due()
        return part.answer

    def _send_what_is_due(self) -> None:
        """Let batches leave while there is something to send and a free way; set the timer for what may still grow."""
        self._set_timer(None)
        now = asyncio.get_running_loop().time()
        while len(self._batches) < self._max_in_flight:
            self._drop_cancelled()
            if not self._waiting:
                return
            batch, full = self._next_batch()
            if not full and self._waiting[0].due > now:
                self._set_timer(self._waiting[0].due)
                return
            for _ in batch:
                self._waiting.popleft()
            task = asyncio.get_running_loop().create_task(self._run(batch))
            self._batches.add(task)
            task.add_done_callback(self._returned)

    def _next_batch(self) -> tuple[list[_Part], bool]:
        """The calls that would leave together now, and whether no later call can join them."""
        batch: list[_Part] = []
        rows = 0
        for part in self._waiting:
            if part.signature != self._waiting[0].signature or rows + part.rows > self._max_batch_size:
                return batch, True
            batch.append(part)
            rows += part.rows
        return batch, rows == self._max_batch_size

    def _drop_cancelled(self) -> None:
        if any(part.answer.done() for part in self._waiting):
            self._waiting = deque(part for part in self._waiting if not part.answer.done())

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        self._send_what_is_due()

    def _set_timer(self, due: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else asyncio.get_running_loop().call_at(due, self._send_what_is_due)

    async def _run(self, batch: Sequence[_Part]) -> None:
        try:
            await self._answer(batch)
        except ModelError as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            for part in batch:
                if not part.answer.done():
                    await self._run([part])
        except asyncio.CancelledError:
            for part in batch:
                part.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, the callers hear of it
            _fail(batch, error)

    async def _answer(self, batch: Sequence[_Part]) -> None:
        model = batch[0].signature[0]
        outputs = await self._inference.infer(model, _merged([part.inputs for part in batch]))
        expected = sum(part.rows for part in batch)
        for name, array in outputs.items():
            if len(array) != expected:
                raise ModelError(f"{model}: expected {expected} rows of {name!r}, got {array.shape}")
        start = 0
        for part in batch:
            if not part.answer.done():
                part.answer.set_result({name: array[start : start + part.rows] for name, array in outputs.items()})
            start += part.rows


def _rows(inputs: Tensors) -> int:
    counts = {len(array) for array in inputs.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(f"expected tensors of the same number of rows, at least one; got {sorted(counts)}")
    return counts.pop()


def _merged(parts: Sequence[Tensors]) -> Tensors:
    return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[Tensors]) -> Outputs:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _fail(batch: Sequence[_Part], error: Exception) -> None:
    for part in batch:
        if not part.answer.done():
            part.answer.set_exception(error)
