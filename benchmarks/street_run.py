"""The street camera through the whole stream, and how well people of other cameras are found in what it saw."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from actors import pipeline
from benchmarks.arguments import shared
from benchmarks.committed import read_sightings
from benchmarks.reporting import say
from benchmarks.street_camera import (
    FPS,
    Query,
    Recall,
    detection_recall,
    embed_queries,
    label_sightings,
    named_pids,
    rank_sightings,
    read_people,
    read_queries,
)
from serving.compose import stages_of
from sightline.adapters.kafka.lag import group_lag
from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.triton import TritonInference
from sightline.cameras.open_source import open_source
from sightline.cameras.options import SourceOptions
from sightline.errors import ServiceUnavailable
from sightline.models.selection import select_models
from sightline.ranking import RankingResult
from sightline.settings import Settings
from sightline.stages.perception import Perception
from sightline.types import Float32Array, Sighting, to_us

CAMERA = "street"
START_US = to_us(datetime(2026, 3, 1, 8, tzinfo=UTC))
_DEADLINE_S = 900.0


@dataclass(frozen=True, slots=True)
class Scored:
    """How the sightings of at least ``least_score`` do."""

    least_score: float
    sightings: int
    recall: Recall
    ranking: RankingResult


def street_sightings(settings: Settings, folder: Path) -> list[Sighting]:
    """Publish the frames of a folder and let the stream see them all."""
    say("publishing the street camera")
    publisher = FramePublisher(settings)
    publisher.open()
    for frame in open_source(str(folder), options=SourceOptions(CAMERA, fps=FPS, start_us=START_US, paced=False)).frames():
        publisher.publish(frame)
    publisher.close()
    pipeline.deploy(settings)
    _wait(settings)
    pipeline.remove(settings)
    return read_sightings(settings)


def score(
    settings: Settings, sightings: Sequence[Sighting], frames: Sequence[Path], *, least_scores: Sequence[float]
) -> list[Scored]:
    """Galleries of the detections of at least these scores, asked with crops of the same people from other cameras.

    Args:
        settings: of the run: its models embed the queries.
        sightings: of every frame.
        frames: all of the camera; those that are no longer there were not published.
        least_scores: one gallery each.
    """
    archive = shared("data", "street_camera", "camera6.tar")
    present = {frame.name for frame in frames if frame.exists()}
    people = {name: frame for name, frame in read_people(archive).items() if name in present}
    queries = read_queries(shared("data", "market1501", "images.tar"), named_pids(people))
    vectors = asyncio.run(embedded(settings, queries))
    pids = label_sightings(sightings, frames, people, start_us=START_US)
    scored = []
    for least in least_scores:
        rows = [row for row, one in enumerate(sightings) if one.score >= least]
        kept = [sightings[row] for row in rows]
        recall = detection_recall(kept, frames, people, start_us=START_US)
        scored.append(Scored(least, len(kept), recall, rank_sightings(queries, vectors, kept, pids[rows])))
    return scored


async def embedded(settings: Settings, queries: Sequence[Query]) -> Float32Array:
    """The queries' vectors (Q, D) by the models on Triton."""
    inference = TritonInference(settings.triton)
    await inference.open()
    try:
        return await embed_queries(Perception(stages_of(select_models(settings), inference, settings)), queries)
    finally:
        await inference.close()


def _wait(settings: Settings) -> None:
    kafka = settings.kafka
    group, topic = kafka.topic_prefix + settings.stream.group_id, kafka.topic("camera_frames")
    end_s = time.monotonic() + _DEADLINE_S
    while waiting := sum(group_lag(settings, group_id=group, topic=topic).values()):
        if time.monotonic() > end_s:
            raise ServiceUnavailable("stream", f"{waiting} frames still wait after {_DEADLINE_S:.0f} s")
        say(f"{waiting} frames wait")
        time.sleep(2.0)
