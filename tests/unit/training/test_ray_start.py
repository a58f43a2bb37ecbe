"""A Ray of this machine that is slow to start is started again; and nothing of a start that failed is left."""

from __future__ import annotations

import subprocess

import psutil
import pytest
import ray

from sightline.errors import ServiceUnavailable
from training import ray_launch
from training.ray_launch import Workers


class SlowRay:
    """Leaves a process behind and gives up, so many times; then starts."""

    def __init__(self, fails: int) -> None:
        self.fails, self.left = fails, list[psutil.Process]()

    def init(self, **_told: object) -> None:
        self.left.append(psutil.Process(subprocess.Popen(["sleep", "60"]).pid))
        if len(self.left) <= self.fails:
            raise Exception("The current node timed out during startup")

    def running(self) -> int:
        return sum(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in self.left)


def test_a_slow_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowRay(fails=2)
    monkeypatch.setattr(ray, "init", slow.init)
    ray_launch._start_here(Workers())
    assert (len(slow.left), slow.running()) == (3, 1), "the two that failed are gone"
    slow.left[-1].kill()


def test_a_ray_that_never_starts_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowRay(fails=9)
    monkeypatch.setattr(ray, "init", slow.init)
    with pytest.raises(ServiceUnavailable, match="Ray does not start on this machine: The current node timed out"):
        ray_launch._start_here(Workers())
    assert slow.running() == 0
