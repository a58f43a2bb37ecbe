"""A stage actor that is to stop: calls at hand are finished, callers hear that it goes, and none is left without an answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from actors import stage_actor
from actors.stage_actor import StageActor
from sightline.errors import ModelError, ServiceUnavailable
from sightline.settings import load_settings

NOTHING = np.empty((0, 4, 4, 3), np.uint8)


class Stage:
    """Answers once it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.error: BaseException | None = None

    async def detect(self, canvases: object) -> list[object]:
        await self.go.wait()
        if self.error:
            raise self.error
        return []


@pytest.fixture
def actor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StageActor:
    settings = load_settings(local={"state_dir": tmp_path}, metrics={"enabled": False})
    made = StageActor(settings, "detector", "detector-0", "new")

    async def connect() -> Stage:
        stage = Stage()
        made._closing.callback(stage.go.set)
        return stage

    monkeypatch.setattr(made, "_connect", connect)
    return made


async def calling(actor: StageActor) -> tuple[Stage, asyncio.Task[list[object]]]:
    call = asyncio.ensure_future(actor.detect(NOTHING))
    await asyncio.sleep(0.01)
    return actor._opened, call


async def test_a_stop_waits_for_the_calls_at_hand_and_says_meanwhile_that_it_goes(actor: StageActor) -> None:
    stage, call = await calling(actor)
    assert await actor.ping()
    assert await actor.calls() == 1
    stopping = asyncio.ensure_future(actor.stop())
    await asyncio.sleep(0.01)
    assert not await actor.ping()
    assert not stopping.done()
    stage.go.set()
    assert await call == []
    assert await stopping


async def test_a_call_that_outlasts_the_stop_is_another_replicas(actor: StageActor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_actor, "STOP_S", 0.05)
    stage, call = await calling(actor)
    stage.error = asyncio.CancelledError()  # as a batcher does when it is closed
    assert await actor.stop()
    with pytest.raises(ServiceUnavailable) as raised:
        await call
    assert raised.value.service == "ray", "so that it is made again elsewhere"


@pytest.mark.parametrize("error", [ModelError("a wrong picture"), ServiceUnavailable("triton", "away")])
async def test_the_stages_own_errors_stay_what_they_are(actor: StageActor, error: Exception) -> None:
    stage, call = await calling(actor)
    stage.error = error
    stage.go.set()
    with pytest.raises(type(error), match=str(error)):
        await call


async def test_who_was_to_stop_and_is_still_there_takes_calls_again(actor: StageActor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_actor, "_ENDED_WITHIN_S", 0.05)
    assert await actor.stop()
    assert not await actor.ping()
    await asyncio.sleep(0.1)
    assert await actor.ping()
