"""Frames whose optional models fail: in live mode they go on without and on time, in replay mode they wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
import pytest
from support import world

from actors.frame_way import FrameWay
from actors.lane import Lane
from actors.outcome import Outcome
from sightline.body_model.parts import PARTS
from sightline.errors import ServiceUnavailable
from sightline.settings import load_settings
from sightline.spec import CropRule
from sightline.stages.ladder import Degradations, Ladder
from sightline.stages.perception import Perception, Stages
from sightline.telemetry import Registry, StreamMetrics
from sightline.types import DenseCoordinates, Poses, Sighting, UInt8Array
from sightline.wire import Record, frame_to_message, sighting_from_record

NOW_S = 1_700_000_500.0
PERSON = 7
"""Number of a frame of the made-up world with one person."""


class Optional:
    """What a pose stage and a dense stage have in common here: both answer, fail or hang."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.hangs = False

    async def troubled(self) -> None:
        if self.hangs:
            await asyncio.sleep(60)
        if self.fault is not None:
            raise self.fault


class CentrePose(Optional):
    """Sees the nose in the middle of the crop, and nothing else."""

    async def estimate(self, crops: UInt8Array) -> Poses:
        await self.troubled()
        return Poses(np.full((len(crops), 1, 2), 0.5, np.float32), np.full((len(crops), 1), 0.8, np.float32))


class TorsoDense(Optional):
    """Sees so much of a torso, from the left, and nothing else."""

    seen = 0.5

    async def estimate(self, crops: UInt8Array) -> DenseCoordinates:
        await self.troubled()
        part = np.zeros((len(crops), 40, 20), np.uint8)
        part[:, :, : round(20 * self.seen)] = PARTS.index("torso_front")
        return DenseCoordinates(part, *(np.zeros(part.shape, np.float32) for _ in "uv"))


class Way:
    """A frame way whose optional models can be troubled."""

    def __init__(self, workers: ThreadPoolExecutor, **stream: object) -> None:
        self.pose, self.dense = CentrePose(), TorsoDense()
        rule = CropRule(size_hw=(64, 32))
        spec = world.EMBEDDER.model_copy(update={"kind": "keypoints", "joints": ("nose",), "crop": rule})
        stages = Stages(
            world.BrightDetector(), world.DETECTOR, world.ColourEmbedder(), world.EMBEDDER,
            self.pose, spec, self.dense, world.EMBEDDER.model_copy(update={"kind": "densepose", "crop": rule}),
        )  # fmt: skip
        metrics = StreamMetrics(Registry())
        perception = Perception(stages)
        self.degradations = Degradations(metrics.degradations)
        self.ladder = Ladder(perception.probes(), self.degradations, first_pause_s=0.01)
        self.way = FrameWay(
            load_settings(stream=stream, detection={"min_height_px": 24}, sampler={"min_quality": 0.1}),
            perception=perception,
            ladder=self.ladder,
            blobs=world.Crops(),
            workers=workers,
            crop_writers=workers,
            clock=lambda: NOW_S,
            metrics=metrics,
            cluster_id="cluster",
        )
        self.lane = Lane(0, {})

    async def see(self, *numbers: int, age_s: float = 0.0) -> list[list[Sighting]]:
        """The sightings of each of these frames, taken side by side."""
        for number in numbers:
            self.lane.add(self._taker(number, age_s))
        async with asyncio.timeout(30):
            while len(outcomes := self.lane.completed()) < len(numbers):
                await asyncio.sleep(0.005)
        self.lane.forget(len(numbers))
        return [_sightings(outcome) for outcome in outcomes]

    def _taker(self, number: int, age_s: float) -> Callable[..., object]:
        [frame] = world.frames("door", 1, first=number)
        message = frame_to_message(frame, "camera-frames")
        time_ms = int((NOW_S - age_s) * 1000)
        record = Record("camera-frames", 0, number, time_ms, message.key, message.value, message.headers)
        return lambda turn: self.way.take(record, self.lane, turn, newer_waits=False)


def _sightings(outcome: Outcome) -> list[Sighting]:
    return [sighting_from_record(Record(m.topic, 0, 0, 0, m.key, m.value, m.headers)) for m in outcome.messages]


@asynccontextmanager
async def way(**stream: object) -> AsyncIterator[Way]:
    with ThreadPoolExecutor(2) as workers:
        made = Way(workers, **stream)
        yield made
        await made.ladder.aclose()


async def test_sightings_carry_key_points_and_visibility() -> None:
    async with way() as one:
        [[sighting]] = await one.see(PERSON)
    assert sighting.keypoints is not None
    assert sighting.keypoints.shape == (19, 3)
    np.testing.assert_allclose(sighting.keypoints[14], [0.5, 0.5, 0.8], atol=0.05)
    assert sighting.keypoints[:14].sum() == 0
    assert sighting.visibility is not None
    assert sighting.visibility[PARTS.index("torso_front") - 1] == pytest.approx(0.5, abs=0.05)


async def test_hidden_people_wait_for_a_better_crop() -> None:
    async with way() as one:
        one.dense.seen = 0.01
        assert await one.see(PERSON) == [[]]
        one.dense.seen = 1.0
        [[sighting]] = await one.see(PERSON + 5)
    assert sighting.frame_id == f"door-{PERSON + 5}"


@pytest.mark.parametrize("lost", [("dense",), ("pose",), ("dense", "pose")])
@pytest.mark.parametrize("hangs", [False, True])
async def test_a_live_frame_goes_on_without_what_fails(lost: tuple[str, ...], hangs: bool) -> None:
    async with way(sample="all", stale_after_s=0.2) as one:
        for stage in lost:
            getattr(one, stage).hangs = hangs
            getattr(one, stage).fault = ServiceUnavailable("triton", "away")
        found = await one.see(*range(PERSON, PERSON + 5))
        for [sighting] in found:
            assert (sighting.visibility is None) == ("dense" in lost)
            assert (sighting.keypoints is None) == ("pose" in lost)
        said = one.degradations.describe()
        assert set(said) == set(lost)
        assert all(sum(account["missed"].values()) == 5 for account in said.values())
        for stage in lost:
            getattr(one, stage).fault, getattr(one, stage).hangs = None, False
        async with asyncio.timeout(30):
            while any(account["off"] for account in one.degradations.describe().values()):
                await asyncio.sleep(0.005)
        [[sighting]] = await one.see(PERSON + 5)
        assert sighting.visibility is not None
        assert sighting.keypoints is not None


async def test_late_frames_lose_dense_coordinates_first_then_key_points() -> None:
    async with way(sample="all", stale_after_s=2.0) as one:
        [[early]], [[late]], [[later]] = [await one.see(PERSON + n, age_s=age) for n, age in enumerate((0.0, 1.2, 1.8))]
    assert [s.visibility is not None for s in (early, late, later)] == [True, False, False]
    assert [s.keypoints is not None for s in (early, late, later)] == [True, True, False]


async def test_replay_waits_for_what_fails() -> None:
    async with way(mode="replay", sample="all") as one:
        one.dense.fault = one.pose.fault = ServiceUnavailable("triton", "away")
        seeing = asyncio.create_task(one.see(PERSON, age_s=1e6))
        await asyncio.sleep(0.3)
        assert not seeing.done()
        one.dense.fault = one.pose.fault = None
        [[sighting]] = await seeing
        assert one.degradations.describe() == {}
    assert sighting.visibility is not None
    assert sighting.keypoints is not None
