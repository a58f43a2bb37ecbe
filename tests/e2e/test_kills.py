"""Any part is killed in the middle of a real video: nothing is lost, nothing is there twice, tracks go on."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from support.invariants import Ledger, summary
from support.processes import until

pytestmark = [pytest.mark.stack, pytest.mark.shared]

ONE_BY_ONE = {"max_batch_size": 1}
APART = {"fused": False, "detector": ONE_BY_ONE, "embedder": ONE_BY_ONE}
"""Stages as actors, a fixed batch size: runs can be compared id by id."""

ACTORS = ("camera-stream-0", "detector-0", "embedder-0", "writer-0")
SERVERS = ("triton", "kafka", "milvus-standalone")
SOAK_S = float(os.environ.get("SOAK_S", "60"))


def ids(ledger: Ledger) -> set[tuple[str, str]]:
    """Every sighting with its track."""
    return {(sighting.sighting_id, sighting.track) for sighting in ledger.sightings}


@pytest.fixture(scope="module")
def calm(product: Any, rooms: dict[str, Path]) -> set[tuple[str, str]]:
    """The sightings of a run that nothing disturbs."""
    run = product.run(pipeline=APART)
    run.publish(rooms)
    run.deploy()
    ledger = run.finish()
    run.remove()
    assert len(ledger.sightings) >= 8
    return ids(ledger)


@pytest.mark.parametrize("victim", [*ACTORS, *SERVERS])
def test_one_part_is_killed(product: Any, rooms: dict[str, Path], calm: set[tuple[str, str]], victim: str) -> None:
    run = product.run(pipeline=APART)
    run.publish(rooms)
    run.deploy()
    until(lambda: run.committed() > 60, timeout_s=90, what="progress", every_s=0.3)
    assert run.committed() < 318, "it is too late for the kill to prove anything"
    run.kill(victim)
    ledger = run.finish()
    run.remove()
    assert ids(ledger) == calm, summary(ledger)


def test_many_parts_are_killed_at_random(product: Any, rooms: dict[str, Path]) -> None:
    """For ``SOAK_S`` seconds (default 60), with free batching and two camera streams."""
    rng = random.Random(int(os.environ.get("SOAK_SEED", "1")))
    run = product.run(stream={"workers": 2}, pipeline={"fused": False})
    run.publish(rooms, loops=max(2, int(SOAK_S / 20)))
    run.deploy()
    blows: list[str] = []
    began = time.monotonic()
    while time.monotonic() - began < SOAK_S and run.ledger().lag:
        time.sleep(rng.uniform(1, 6))
        victim = rng.choice([*ACTORS, "camera-stream-1", *SERVERS])
        run.kill(victim)
        blows.append(victim)
    ledger = run.finish(patience_s=300)
    run.remove()
    assert len(blows) >= 3
    print(f"\n{len(blows)} kills in {time.monotonic() - began:.0f} s: {', '.join(blows)}; {summary(ledger)}")
