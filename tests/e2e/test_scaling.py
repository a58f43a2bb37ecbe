"""Cameras and workers come and go while the stream runs, and replicas with the load."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray
from support.invariants import summary
from support.processes import until

from actors import pipeline
from benchmarks import sleeping_models
from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.ray.cluster import connect
from sightline.adapters.triton.admin import TritonAdmin
from sightline.errors import ServiceUnavailable
from sightline.models.repository import ModelRepository
from sightline.settings import Settings

pytestmark = [pytest.mark.stack, pytest.mark.shared]


def test_workers_and_cameras_come_and_go(product: Any, rooms: dict[str, Path]) -> None:
    """One camera stream, then two, then one; a camera that begins later. Every frame has its outcome, ids are the same."""
    first = {"early": rooms["room-camera-a"]}
    run = product.run()
    run.publish(first)
    run.deploy()
    until(lambda: run.committed() > 40, timeout_s=90, what="progress", every_s=0.3)

    two = replace(
        run, settings=run.settings.model_copy(update={"stream": run.settings.stream.model_copy(update={"workers": 2})})
    )
    two.deploy()
    pids = {name: one["pid"] for name, one in pipeline.describe(two.settings).items()}
    assert {"camera-stream-0", "camera-stream-1", "writer-0"} == set(pids)
    run.publish({"late": rooms["room-camera-b"], "later": rooms["room-camera-b"]})
    held = lambda: [one.get("partitions") for one in pipeline.describe(two.settings).values() if "partitions" in one]  # noqa: E731
    until(lambda: len(held()) == 2 and all(held()), timeout_s=60, what="both to hold partitions", every_s=0.5)

    run.deploy()
    after = pipeline.describe(run.settings)
    assert set(after) == {"camera-stream-0", "writer-0"}
    assert after["camera-stream-0"]["pid"] == pids["camera-stream-0"], "who stays is not disturbed"
    targets = run.settings.local.state_dir / "metrics"
    assert {file.stem for file in targets.iterdir()} == {"sightline-stream-camera-stream-0", "sightline-writer-writer-0"}
    ledger = run.finish()
    assert {camera: state.seen for camera, (_, state) in ledger.states.items()} == {"early": 220, "late": 98, "later": 98}
    run.remove()
    assert pipeline.describe(run.settings) == {}
    assert not list(targets.iterdir()), "who was ended is none of Prometheus' business any more"


ASLEEP = {
    "fused": False,
    "scaling": {"up_after_s": 0.5, "down_after_s": 2},
    "detector": {"model": sleeping_models.DETECTOR.name, "replicas": 1, "max_replicas": 3, "max_batch_size": 1},
    "embedder": {"model": sleeping_models.EMBEDDER.name},
    "pose": {"enabled": False},
    "dense": {"enabled": False},
}


@pytest.fixture
def asleep(product: Any) -> Iterator[None]:
    """Models that only sleep, a tenth of a second a call: they are there for as long as the test."""
    repository = ModelRepository([product.models])
    names = (sleeping_models.DETECTOR.name, sleeping_models.EMBEDDER.name)
    sleeping_models.install_sleeping(repository, seconds=0.1, instances=6)
    triton = product.run(pipeline=ASLEEP).settings.triton
    asyncio.run(_control(triton, "load", names))
    yield
    asyncio.run(_control(triton, "unload", names))
    for name in names:
        repository.remove(name)


async def _control(triton: Any, what: str, names: tuple[str, ...]) -> None:
    async with TritonAdmin(triton) as admin:
        for name in names:
            await getattr(admin, what)(name)


def detectors(settings: Settings) -> int:
    return sum(name.startswith("detector-") for name in pipeline.describe(settings))


@pytest.mark.usefixtures("asleep")
def test_replicas_come_with_the_load_and_go_with_it(product: Any) -> None:
    """One, then more, then one; deployed again in between, and with frames on their way all the time."""
    run = product.run(pipeline=ASLEEP)
    run.deploy()
    assert detectors(run.settings) == 1
    frames = sleeping_models.frames(sleeping_models.camera_of_each_partition(run.settings.kafka.partitions), 10_000)
    publisher = FramePublisher(run.settings)
    publisher.open()
    published = 0

    def publish(count: int) -> None:
        nonlocal published
        for _ in range(count):
            publisher.publish(next(frames))
        published += count

    publish(300)
    until(lambda: detectors(run.settings) > 1, timeout_s=60, what="more replicas", every_s=0.2)
    run.deploy()
    grown = detectors(run.settings)

    def gone() -> bool:
        publish(1)
        time.sleep(0.1)
        return detectors(run.settings) == 1

    until(gone, timeout_s=180, what="one replica again", every_s=0)
    publisher.close(timeout_s=60)
    ledger = run.finish()
    run.remove()
    assert grown > 1, "who deploys again leaves them"
    assert sum(state.seen for _, state in ledger.states.values()) == published, summary(ledger)
    assert not ledger.dead


@pytest.mark.usefixtures("asleep")
def test_a_new_version_comes_where_there_is_no_room_for_both(product: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that reserves all that the cluster has: the old one goes first, and no frame is lost."""
    connect(product.run().settings)
    detector = {**ASLEEP["detector"], "max_replicas": 1, "num_cpus": ray.cluster_resources()["CPU"]}
    run = product.run(pipeline={**ASLEEP, "detector": detector})
    run.deploy()
    [old] = [one["pid"] for name, one in pipeline.describe(run.settings).items() if name.startswith("detector-")]
    frames = sleeping_models.frames(sleeping_models.camera_of_each_partition(run.settings.kafka.partitions), 10_000)
    publisher = FramePublisher(run.settings)
    publisher.open()
    for _ in range(200):
        publisher.publish(next(frames))
    publisher.close(timeout_s=60)
    until(lambda: run.committed() > 10, timeout_s=60, what="progress", every_s=0.3)

    new = replace(run, settings=with_detector(run.settings, max_wait_ms=3.0))
    new.deploy()
    [pid] = [one["pid"] for name, one in pipeline.describe(new.settings).items() if name.startswith("detector-")]
    assert pid != old
    ledger = new.finish()
    assert sum(state.seen for _, state in ledger.states.values()) == 200, summary(ledger)
    assert not ledger.dead

    monkeypatch.setattr("actors.roster._START_S", 5.0)
    more = replace(run, settings=with_detector(run.settings, replicas=2))
    with pytest.raises(ServiceUnavailable, match="did not start"):
        more.deploy()
    left = [one for name, one in pipeline.describe(new.settings).items() if name.startswith("detector-")]
    assert [one.get("pid") for one in left] == [pid], "what is too much ends nothing, and leaves nothing behind"
    new.remove()


def with_detector(settings: Settings, **values: Any) -> Settings:
    """With other options of the detector."""
    detector = settings.pipeline.detector.model_copy(update=values)
    return settings.model_copy(update={"pipeline": settings.pipeline.model_copy(update={"detector": detector})})
