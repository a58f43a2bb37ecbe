"""The scaler looks at every stage, and resizes those whose number is not what the rule wants."""

from __future__ import annotations

import threading

from support.processes import until

from actors.scaler import Scaler
from actors.scaling import ReplicaRule
from sightline.settings import ScalingSettings


class Fleet:
    """Replicas with as many calls as the test says."""

    def __init__(self, calls: list[int]) -> None:
        self.now = calls
        self.resized: list[int] = []

    def calls(self) -> list[int]:
        return self.now

    def resize(self, count: int) -> None:
        self.resized.append(count)
        self.now = [1] * count


def test_only_a_stage_with_too_much_to_do_is_resized() -> None:
    options = ScalingSettings(calls_per_replica=2, up_after_s=0, down_after_s=60)
    busy, idle = Fleet([6]), Fleet([1])
    stages = {name: (fleet, ReplicaRule(options, least=1, most=4)) for name, fleet in (("detector", busy), ("embedder", idle))}
    ticks = iter(range(1000))
    scaler = Scaler(stages, clock=lambda: float(next(ticks)))
    thread = threading.Thread(target=scaler.run)
    thread.start()
    until(lambda: bool(busy.resized), timeout_s=10, what="the busy stage to grow", every_s=0.05)
    scaler.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert busy.resized == [3]
    assert idle.resized == []
    assert scaler.describe() == {"replicas": {"detector": 3, "embedder": 1}}
