"""The ladder: what does not answer is gone without, counted, and comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from sightline.errors import ModelError, ServiceUnavailable
from sightline.stages.ladder import Degradations, Ladder, Reason, ask_plainly
from sightline.telemetry import Registry, StreamMetrics

LONG_S = 30.0


class Model:
    """Answers, fails or hangs as a test says."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.hangs = False
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.hangs:
            await asyncio.sleep(LONG_S)
        if self.fault is not None:
            raise self.fault
        return "seen"


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def degradations(registry: Registry) -> Degradations:
    return Degradations(StreamMetrics(registry).degradations)


@pytest.fixture
def model() -> Model:
    return Model()


def ladder_over(model: Model, degradations: Degradations) -> Ladder:
    return Ladder({"dense": model}, degradations, first_pause_s=0.005)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


async def test_what_answers_is_taken(model: Model, degradations: Degradations) -> None:
    ladder = ladder_over(model, degradations)
    assert await ladder.ask("dense", model, within_s=LONG_S) == "seen"
    assert degradations.describe() == {}
    await ladder.aclose()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(ServiceUnavailable("triton", "away"), Reason.UNAVAILABLE), (ModelError("three rows of one"), Reason.REFUSED)],
)
async def test_a_model_that_fails_is_asked_no_more_by_frames_until_it_answers(
    model: Model, degradations: Degradations, registry: Registry, fault: Exception, reason: Reason
) -> None:
    probe = Model()
    ladder = Ladder({"dense": probe}, degradations, first_pause_s=0.005)
    model.fault = probe.fault = fault
    for _ in range(3):
        assert await ladder.ask("dense", model, within_s=LONG_S) is None
    assert model.calls == 1
    assert degradations.describe() == {"dense": {"off": reason, "missed": {reason: 3}}}
    assert registry.get_sample_value("sightline_degraded_frames_total", {"stage": "dense", "reason": reason}) == 3
    assert registry.get_sample_value("sightline_frames_stage_off", {"stage": "dense"}) == 1
    await until(lambda: probe.calls > 2)

    model.fault = probe.fault = None
    await until(lambda: degradations.describe()["dense"]["off"] is None)
    assert await ladder.ask("dense", model, within_s=LONG_S) == "seen"
    assert registry.get_sample_value("sightline_frames_stage_off", {"stage": "dense"}) == 0
    assert degradations.describe()["dense"]["missed"] == {reason: 3}
    await ladder.aclose()


async def test_a_model_that_hangs_costs_one_share_of_time(model: Model, degradations: Degradations) -> None:
    ladder = ladder_over(model, degradations)
    model.hangs = True
    answers = await asyncio.gather(*(ladder.ask("dense", model, within_s=0.01) for _ in range(4)))
    assert answers == [None] * 4
    assert degradations.describe() == {"dense": {"off": Reason.TOO_SLOW, "missed": {Reason.TOO_SLOW: 4}}}
    assert await ladder.ask("dense", model, within_s=LONG_S) is None
    model.hangs = False
    await ladder.aclose()


async def test_a_late_frame_goes_without_and_the_stage_stays_on(model: Model, degradations: Degradations) -> None:
    ladder = ladder_over(model, degradations)
    assert await ladder.ask("dense", model, within_s=-0.5) is None
    assert model.calls == 0
    assert degradations.describe() == {"dense": {"off": None, "missed": {Reason.LATE: 1}}}
    assert await ladder.ask("dense", model, within_s=LONG_S) == "seen"
    await ladder.aclose()


async def test_a_call_with_little_time_left_says_little_of_the_model(model: Model, degradations: Degradations) -> None:
    ladder = ladder_over(model, degradations)
    model.hangs = True
    for _ in range(2):
        assert await ladder.ask("dense", model, within_s=0.01, share_s=1.0) is None
    assert degradations.describe() == {"dense": {"off": None, "missed": {Reason.LATE: 2}}}
    model.hangs = False
    assert await ladder.ask("dense", model, within_s=0.5, share_s=1.0) == "seen"
    model.hangs = True
    for _ in range(3):
        assert await ladder.ask("dense", model, within_s=0.01, share_s=1.0) is None
    said = degradations.describe()["dense"]
    assert said["missed"] == {Reason.LATE: 4, Reason.TOO_SLOW: 1}
    assert said["off"] is Reason.TOO_SLOW
    model.hangs = False
    await ladder.aclose()


async def test_what_is_a_mistake_of_ours_is_not_hidden(model: Model, degradations: Degradations) -> None:
    ladder = ladder_over(model, degradations)
    model.fault = ValueError("expected (N, 4)")
    with pytest.raises(ValueError, match="expected"):
        await ladder.ask("dense", model, within_s=LONG_S)
    await ladder.aclose()


async def test_without_a_ladder_faults_are_raised(model: Model) -> None:
    model.fault = ServiceUnavailable("triton", "away")
    with pytest.raises(ServiceUnavailable):
        await ask_plainly("dense", model)
