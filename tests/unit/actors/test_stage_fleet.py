"""The replicas of a stage as the scaler sees them: who is asked, started and stopped, without a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from actors.roster import Roster, Wanted
from actors.scaler_actor import StageFleet
from sightline.settings import Settings, load_settings

NAMES = [f"detector-{place}@new" for place in range(4)]


class Actors(Roster):
    """The actors that there are, as the test says; what is asked of them is noted."""

    def __init__(self, settings: Settings, there: Iterable[str]) -> None:
        super().__init__(settings)
        self.there = list(there)
        self.calls: dict[str, int] = {}
        self.done: list[str] = []

    def names(self) -> list[str]:
        return sorted(self.there)

    def start(self, actor: Wanted, generation: str) -> Any:
        self.there.append(actor.name)
        self.done.append(f"start {actor.name}")

    def stop(self, name: str) -> None:
        self.there.remove(name)
        self.done.append(f"stop {name}")

    def ask_all(self, names: Iterable[str], method: str, *, timeout_s: float = 5.0) -> dict[str, Any]:
        assert method == "calls"
        return {name: self.calls[name] for name in names if name in self.calls}


@pytest.fixture
def settings() -> Settings:
    return load_settings(pipeline={"fused": False, "detector": {"replicas": 1, "max_replicas": 4}})


def fleet_of(settings: Settings, actors: Actors) -> StageFleet:
    return StageFleet(settings, "detector", "new", roster=actors)


def test_only_replicas_of_this_stage_and_mark_count(settings: Settings) -> None:
    actors = Actors(settings, [NAMES[0], NAMES[1], "detector-0@other", "embedder-0@new", "camera-stream-0"])
    actors.calls = dict.fromkeys(actors.there, 5)
    assert fleet_of(settings, actors).calls() == [5, 5]


def test_a_replica_that_is_starting_has_no_calls_and_one_that_falls_silent_what_it_had(settings: Settings) -> None:
    actors = Actors(settings, NAMES[:2])
    actors.calls = {NAMES[0]: 7}
    fleet = fleet_of(settings, actors)
    assert fleet.calls() == [7, 0]
    actors.calls = {NAMES[1]: 2}
    assert fleet.calls() == [7, 2]
    actors.there = [NAMES[1]]
    assert fleet.calls() == [2], "who is gone is forgotten"
    actors.there = NAMES[:2]
    assert fleet.calls() == [0, 2], "and has nothing when it comes back"


def test_those_that_are_missing_are_started_and_the_others_left_alone(settings: Settings) -> None:
    actors = Actors(settings, [NAMES[0], NAMES[2]])
    fleet_of(settings, actors).resize(4)
    assert actors.done == [f"start {NAMES[1]}", f"start {NAMES[3]}"]


def test_the_last_go_first_and_those_of_other_marks_stay(settings: Settings) -> None:
    actors = Actors(settings, [*NAMES, "detector-3@other"])
    fleet_of(settings, actors).resize(2)
    assert actors.done == [f"stop {NAMES[3]}", f"stop {NAMES[2]}"]


def test_as_many_as_there_are_is_nothing_to_do(settings: Settings) -> None:
    actors = Actors(settings, NAMES[:3])
    fleet_of(settings, actors).resize(3)
    assert actors.done == []
