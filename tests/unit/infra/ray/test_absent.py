"""Hosts that Ray's monitor has given up on: when it is our turn, one attempt after the other, several at once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from support.processes import until

from infra.ray import absent
from infra.ray.absent import AbsentHosts, left_to_us
from sightline.errors import ServiceError


class World:
    """A cluster that wants three hosts, whose clock is ours."""

    def __init__(self) -> None:
        self.now = 0.0
        self.known = {"head", "a"}
        self.taken: list[str] = []
        self.fails = False
        self.hold = threading.Event()
        self.hold.set()
        self.hosts = AbsentHosts(
            wanted=lambda: {"a", "b", "c"}, known=lambda: self.known, take_in=self.take_in, clock=lambda: self.now
        )

    def take_in(self, host: str) -> None:
        self.taken.append(host)
        self.hold.wait(10)
        if self.fails:
            raise ServiceError("ray", "no way there")

    def look_after(self, seconds: float, *, then: int) -> None:
        """Look every five seconds until so many were begun in all."""
        for _ in range(int(seconds / 5)):
            self.now += 5
            self.hosts.look()
        until(lambda: len(self.taken) == then, timeout_s=5, what=f"{then} attempts, not {self.taken}", every_s=0.01)


@pytest.fixture
def world() -> World:
    return World()


def test_the_monitor_has_its_turn_first(world: World) -> None:
    world.look_after(90, then=0)
    world.look_after(30, then=2)
    assert sorted(world.taken) == ["b", "c"], "and those that are there are left alone"


def test_a_host_that_cannot_be_taken_in_is_tried_again_and_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.fails = True
    world.look_after(120, then=2)
    until(lambda: caplog.text.count("no way there") == 2, timeout_s=5, what="what is wrong")
    world.look_after(40, then=2)
    world.look_after(40, then=4)


def test_nobody_works_twice_on_a_host_at_once(world: World) -> None:
    world.hold.clear()
    world.look_after(600, then=2)
    world.hold.set()


def test_a_host_that_came_by_itself_is_left_alone(world: World) -> None:
    world.look_after(60, then=0)
    world.known |= {"b", "c"}
    world.look_after(60, then=0)
    world.known -= {"b"}
    world.look_after(75, then=0)
    world.look_after(45, then=1)


def test_nothing_is_done_while_the_cluster_does_not_answer(world: World) -> None:
    world.known = set()
    world.look_after(600, then=0)


def test_what_goes_wrong_in_a_look_ends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def confused() -> set[str]:
        if not caplog.text:
            raise KeyError("state")
        world.now += 50
        return {"b"}

    monkeypatch.setattr(absent, "_LOOK_EVERY_S", 0.01)
    AbsentHosts(wanted=confused, known=lambda: {"a"}, take_in=world.take_in, clock=lambda: world.now).start()
    until(lambda: "b" in world.taken, timeout_s=10, what="a look after the one that failed")
    assert "KeyError: 'state'" in caplog.text


def host(kind: str = "worker", state: str = "running", **tags: str) -> dict[str, Any]:
    return {"state": state, "tags": {"ray-node-type": kind, **tags}}


def test_hosts_that_the_monitor_works_on_or_has_not_begun_with_are_its_own(tmp_path: Path) -> None:
    assert left_to_us(tmp_path / "none") == set()
    (tmp_path / "half").write_text('{"10.')
    assert left_to_us(tmp_path / "half") == set()
    listed = {
        "10.0.0.1": host("head"),
        "10.0.0.2": host(**{"ray-node-status": "up-to-date"}),
        "10.0.0.3": host(**{"ray-node-status": "uninitialized"}),
        "10.0.0.4": host(**{"ray-node-status": "setting-up"}),
        "10.0.0.5": host(state="terminated"),
        "localhost": host(**{"ray-node-status": "update-failed"}),
    }
    (tmp_path / "state").write_text(json.dumps(listed))
    assert left_to_us(tmp_path / "state") == {"10.0.0.2", "10.0.0.3", "127.0.0.1"}
