from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.errors import ModelError, ServiceUnavailable
from sightline.stages.batching import MicroBatcher

MODEL = "model"


class Doubler:
    """A server that doubles numbers, remembers its batches, answers when let, and fails where it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = 0
        self.most_running = 0
        self.refused: set[int] = set()
        self.failure: Exception | None = None

    async def infer(self, model: str, inputs: Any) -> dict[str, Any]:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.batches.append(inputs["x"][:, 0].tolist())
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if self.failure is not None:
                raise self.failure
            if self.refused & set(inputs["x"][:, 0].tolist()):
                raise ModelError("refused")
            return {"y": inputs["x"] * 2}
        finally:
            self.running -= 1


def rows(*values: int) -> dict[str, np.ndarray]:
    return {"x": np.array(values, np.int64)[:, None]}


async def ask(batcher: MicroBatcher, *values: int) -> list[int]:
    return (await batcher.infer(MODEL, rows(*values)))["y"][:, 0].tolist()


def start(call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(call)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def server() -> Doubler:
    return Doubler()


@pytest.fixture
def make(server: Doubler) -> Callable[..., MicroBatcher]:
    return lambda **options: MicroBatcher(server, **({"max_batch_size": 4, "max_wait_s": 0.01} | options))


async def test_concurrent_calls_leave_as_one_full_batch(server, make):
    batcher = make(max_wait_s=60)
    answers = await asyncio.gather(*(ask(batcher, value) for value in range(4)))
    assert answers == [[0], [2], [4], [6]]
    assert server.batches == [[0, 1, 2, 3]]


async def test_a_lonely_call_leaves_after_the_wait(server, make):
    assert await ask(make(), 5) == [10]
    assert server.batches == [[5]]


async def test_a_call_that_would_not_fit_lets_the_batch_leave(server, make):
    batcher = make(max_wait_s=0.01)
    answers = await asyncio.gather(ask(batcher, 1, 2, 3), ask(batcher, 4, 5))
    assert answers == [[2, 4, 6], [8, 10]]
    assert server.batches == [[1, 2, 3], [4, 5]]


async def test_a_large_call_is_cut_and_put_together_again(server, make):
    assert await ask(make(), *range(10)) == [2 * value for value in range(10)]
    assert server.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("inputs", [{}, rows(), {"x": np.zeros((2, 1)), "z": np.zeros((3, 1))}])
async def test_calls_without_rows_are_refused(make, inputs):
    with pytest.raises(ValueError, match="at least one"):
        await make().infer(MODEL, inputs)


async def test_calls_for_different_models_or_shapes_are_not_merged(server, make):
    batcher = make(max_wait_s=0.01)
    wide = {"x": np.zeros((1, 2), np.int64)}
    await asyncio.gather(ask(batcher, 1), batcher.infer("other", rows(2)), batcher.infer(MODEL, wide))
    assert [len(batch) for batch in server.batches] == [1, 1, 1]


async def test_while_the_way_is_full_the_next_batch_grows(server, make):
    server.gate.clear()
    batcher = make(max_wait_s=0, max_in_flight=1)
    calls = []
    for value in range(4):
        calls.append(start(ask(batcher, value)))
        await settle()
    assert server.batches == [[0]]
    server.gate.set()
    await asyncio.gather(*calls)
    assert server.batches == [[0], [1, 2, 3]]


async def test_a_failure_reaches_the_callers_of_its_batch_alone(server, make):
    batcher = make(max_wait_s=60)
    server.failure = ServiceUnavailable("triton", "gone")
    failed = await asyncio.gather(*(ask(batcher, value) for value in range(4)), return_exceptions=True)
    assert all(isinstance(error, ServiceUnavailable) for error in failed)
    server.failure = None
    assert await asyncio.gather(*(ask(batcher, value) for value in range(4))) == [[0], [2], [4], [6]]


async def test_one_bad_call_harms_no_other(server, make):
    batcher = make(max_wait_s=60)
    server.refused = {2}
    answers = await asyncio.gather(*(ask(batcher, value) for value in range(4)), return_exceptions=True)
    assert [answers[0], answers[1], answers[3]] == [[0], [2], [6]]
    assert isinstance(answers[2], ModelError)


async def test_a_cancelled_call_takes_its_rows_along(server, make):
    batcher = make(max_wait_s=60)
    calls = [start(ask(batcher, value)) for value in range(3)]
    await settle()
    calls[1].cancel()
    rest = [start(ask(batcher, value)) for value in (7, 8)]
    assert await asyncio.gather(calls[0], calls[2], *rest) == [[0], [4], [14], [16]]
    assert server.batches == [[0, 2, 7, 8]]


async def test_a_call_cancelled_on_its_way_disturbs_nobody(server, make):
    server.gate.clear()
    batcher = make(max_wait_s=60)
    calls = [start(ask(batcher, value)) for value in range(4)]
    await settle()
    calls[0].cancel()
    server.gate.set()
    assert await asyncio.gather(*calls[1:]) == [[2], [4], [6]]


async def test_who_comes_to_a_full_queue_waits_outside(server, make):
    server.gate.clear()
    batcher = make(max_batch_size=1, max_in_flight=1, max_waiting=2, max_wait_s=0)
    calls = [start(ask(batcher, value)) for value in range(6)]
    await settle()
    calls[4].cancel()  # still outside
    server.gate.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers.pop(4), asyncio.CancelledError)
    assert answers == [[0], [2], [4], [6], [10]]
    assert server.batches == [[0], [1], [2], [3], [5]]


async def test_a_server_that_loses_rows_is_found_out():
    class Short:
        async def infer(self, model: str, inputs: Any) -> dict[str, Any]:
            return {"y": inputs["x"][:-1]}

    with pytest.raises(ModelError, match="expected 2 rows of 'y'"):
        await MicroBatcher(Short(), max_batch_size=4, max_wait_s=0).infer(MODEL, rows(1, 2))


async def test_closing_cancels_what_waits(server, make):
    server.gate.clear()
    batcher = make(max_wait_s=0, max_in_flight=1)
    calls = [start(ask(batcher, value)) for value in range(3)]
    await settle()
    await batcher.close()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
    with pytest.raises(RuntimeError, match="closed"):
        await ask(batcher, 1)


@pytest.mark.parametrize("options", [{"max_batch_size": 0}, {"max_wait_s": -1}, {"max_in_flight": 0}, {"max_waiting": 0}])
def test_bounds_make_sense(make, options):
    with pytest.raises(ValueError, match="1 or more"):
        make(**options)


CALLS = st.lists(
    st.tuples(st.integers(1, 9), st.booleans(), st.integers(0, 3)),  # rows, cancelled, turns of the loop before it
    min_size=1,
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(
    calls=CALLS,
    max_batch_size=st.integers(1, 6),
    max_in_flight=st.integers(1, 3),
    max_waiting=st.integers(1, 8),
    wait_ms=st.sampled_from([0, 1]),
    refused=st.sets(st.integers(0, 60), max_size=3),
)
def test_whatever_happens_every_call_gets_its_own_rows(*, calls, max_batch_size, max_in_flight, max_waiting, wait_ms, refused):
    async def scenario() -> None:
        server = Doubler()
        server.refused = refused
        batcher = MicroBatcher(
            server,
            max_batch_size=max_batch_size,
            max_wait_s=wait_ms / 1000,
            max_in_flight=max_in_flight,
            max_waiting=max_waiting,
        )
        first, started = 0, []
        for count, cancelled, turns in calls:
            values = list(range(first, first + count))
            first += count
            task = start(ask(batcher, *values))
            for _ in range(turns):
                await asyncio.sleep(0)
            if cancelled:
                task.cancel()
            started.append((values, cancelled, task))
        await asyncio.wait([task for *_, task in started], timeout=20)
        for values, cancelled, task in started:
            assert task.done()
            if task.cancelled():
                assert cancelled
            elif task.exception() is not None:
                assert isinstance(task.exception(), ModelError)
                assert refused & set(values)
            else:
                assert task.result() == [2 * value for value in values]
        assert server.most_running <= max_in_flight
        assert max((len(batch) for batch in server.batches), default=0) <= max_batch_size
        # All places are free again: as many calls as fit are answered.
        server.refused = set()
        again = await asyncio.gather(*(ask(batcher, value) for value in range(max_waiting + 2)))
        assert again == [[2 * value] for value in range(max_waiting + 2)]
        await batcher.close()

    asyncio.run(scenario())
