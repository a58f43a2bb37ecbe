"""Calls go to the replica that has least to do, pass over one that fails, and outlive a search for replicas that hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from ray.exceptions import ActorUnavailableError

from sightline.adapters.ray.stages import RemoteStage, stage_names
from sightline.errors import ServiceUnavailable
from sightline.settings import load_settings

NOTHING = np.empty((0, 4, 4, 3), np.uint8)


class Greeting:
    """The method by which a replica says that it takes calls; says nothing as long as it is starting."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.started.set()
        self.answer = True
        self.asked = 0

    async def remote(self) -> bool:
        self.asked += 1
        await self.started.wait()
        return self.answer


class Replica:
    """A handle as Ray gives it; answers once it is let go."""

    def __init__(self, *, dead: bool = False) -> None:
        self.asked = 0
        self.dead = dead
        self.go = asyncio.Event()
        self.detect = self
        self.ping = Greeting()

    async def remote(self, canvases: Any) -> list[Any]:
        self.asked += 1
        if self.dead:
            raise ActorUnavailableError("it is being started anew", None)
        await self.go.wait()
        return []


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0.005)


async def test_each_call_goes_to_whoever_has_least_to_do() -> None:
    replicas = {name: Replica() for name in "abc"}
    stage = RemoteStage(lambda: replicas, look_again_s=float("inf"))
    calls = [asyncio.ensure_future(stage.detect(NOTHING)) for _ in range(7)]
    await settled()
    assert sorted(replica.asked for replica in replicas.values()) == [2, 2, 3]
    replicas["b"].go.set()
    await settled()
    more = [asyncio.ensure_future(stage.detect(NOTHING)) for _ in range(2)]
    await settled()
    assert replicas["b"].asked >= 4, "it is idle again"
    for replica in replicas.values():
        replica.go.set()
    await asyncio.gather(*calls, *more)


async def test_a_call_whose_replica_is_gone_is_made_again_by_another() -> None:
    good, bad = Replica(), Replica(dead=True)
    good.go.set()
    stage = RemoteStage(lambda: {"bad": bad, "good": good}, look_again_s=float("inf"))
    for _ in range(5):
        await stage.detect(NOTHING)
        bad.ping.answer = False
        await settled()
    assert (bad.asked, good.asked) == (1, 5), "and it is not called on while it takes no calls"


async def test_where_all_replicas_are_gone_the_caller_hears_of_it() -> None:
    replicas = [Replica(dead=True) for _ in range(3)]
    stage = RemoteStage(lambda: dict(zip("abc", replicas, strict=True)), look_again_s=float("inf"))
    with pytest.raises(ServiceUnavailable):
        await stage.detect(NOTHING)
    assert [replica.asked for replica in replicas] == [1, 1, 1]


async def test_who_comes_back_has_its_turn_again() -> None:
    good, back, clock = Replica(), Replica(dead=True), Clock()
    good.go.set()
    back.go.set()
    stage = RemoteStage(lambda: {"back": back, "good": good}, look_again_s=float("inf"), clock=clock)
    await stage.detect(NOTHING)
    back.ping.answer = False
    await stage.detect(NOTHING)
    await settled()
    back.dead, back.ping.answer = False, True
    clock.now += 3.0
    for _ in range(5):
        await stage.detect(NOTHING)
        await settled()
    assert back.asked >= 2


async def test_a_replica_that_is_still_starting_is_not_called_on() -> None:
    running, starting, clock = Replica(), Replica(), Clock()
    running.go.set()
    starting.go.set()
    starting.ping.started.clear()
    there = {"running": running}
    stage = RemoteStage(lambda: dict(there), look_again_s=2.0, clock=clock)
    await stage.detect(NOTHING)
    there["starting"] = starting
    clock.now += 3.0
    for _ in range(10):
        await stage.detect(NOTHING)
        await asyncio.sleep(0.15)
    assert starting.asked == 0
    starting.ping.started.set()
    for _ in range(4):
        await stage.detect(NOTHING)
        await settled()
    assert starting.asked == 2
    assert starting.ping.asked == 1, "one question is enough, however long it takes"


async def test_a_replica_that_is_about_to_go_is_not_called_on() -> None:
    stays, goes, clock = Replica(), Replica(), Clock()
    stays.go.set()
    goes.go.set()
    stage = RemoteStage(lambda: {"stays": stays, "goes": goes}, look_again_s=2.0, clock=clock)
    for _ in range(4):
        await stage.detect(NOTHING)
    goes.ping.answer = False
    clock.now += 3.0
    await stage.detect(NOTHING)
    await settled()
    before = goes.asked
    for _ in range(4):
        await stage.detect(NOTHING)
    assert goes.asked == before


async def test_another_actor_of_the_same_name_is_another_replica() -> None:
    first, second, clock = Replica(), Replica(), Clock()
    first.go.set()
    second.go.set()
    there = {"one": first}
    stage = RemoteStage(lambda: dict(there), look_again_s=2.0, clock=clock)
    await stage.detect(NOTHING)
    first.dead, there["one"] = True, second
    clock.now += 3.0
    await asyncio.gather(stage.detect(NOTHING), return_exceptions=True)
    await settled()
    await stage.detect(NOTHING)
    assert second.asked == 1


async def test_new_replicas_are_found_and_those_that_went_are_forgotten() -> None:
    one, two, clock = Replica(), Replica(), Clock()
    one.go.set()
    two.go.set()
    there: dict[str, Any] = {"one": one}
    stage = RemoteStage(lambda: dict(there), look_again_s=2.0, clock=clock)
    await stage.detect(NOTHING)
    there.clear()
    there["two"] = two
    await stage.detect(NOTHING)
    assert (one.asked, two.asked) == (2, 0)
    clock.now += 3.0
    await stage.detect(NOTHING)
    await settled()
    await stage.detect(NOTHING)
    assert two.asked == 1


async def test_who_knows_replicas_does_not_wait_for_a_search_that_hangs() -> None:
    """As while the cluster's head is away."""
    known, clock, hangs = Replica(), Clock(), threading.Event()
    known.go.set()
    searches = []

    def find() -> Mapping[str, Any]:
        searches.append(len(searches))
        if len(searches) > 1:
            hangs.wait(10)
        return {"known": known}

    stage = RemoteStage(find, look_again_s=1.0, clock=clock)
    await stage.detect(NOTHING)
    clock.now += 5.0
    for _ in range(3):
        await asyncio.wait_for(stage.detect(NOTHING), 2)
        await settled()
    assert len(searches) == 2, "one search at a time"
    hangs.set()
    await settled()


async def test_no_replica_at_all_is_said() -> None:
    def find() -> Mapping[str, Any]:
        raise ServiceUnavailable("ray", "no actor runs the stage detector")

    stage = RemoteStage(find, look_again_s=1.0)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable, match="no actor runs"):
            await stage.detect(NOTHING)


def test_a_stage_has_a_name_for_each_replica_that_there_may_be() -> None:
    settings = load_settings(pipeline={"detector": {"replicas": 1, "max_replicas": 3}})
    assert stage_names(settings, "detector", "new") == ["detector-0@new", "detector-1@new", "detector-2@new"]
    assert stage_names(settings, "embedder", "new") == ["embedder-0@new"]
