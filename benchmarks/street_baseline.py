"""The street camera as a baseline: rank-1, mAP and detection recall of the whole product, with the models that it is given.

``python -m benchmarks.street_baseline [--quick]``. 700 frames of Market-1501's camera 6 go through real Kafka, Triton and
actors; crops of the same people from cameras 1 to 5 query its sightings. The end-to-end test asks the same.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from actors import pipeline
from benchmarks.arguments import output_folder, parser, shared
from benchmarks.committed import read_sightings
from benchmarks.machine import machine_facts
from benchmarks.product import running
from benchmarks.real_frames import install_yardsticks
from benchmarks.reporting import Cell, Report, Table, say
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
    unpack_frames,
)
from sightline.adapters.kafka.lag import group_lag
from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.triton import TritonInference
from sightline.cameras.open_source import open_source
from sightline.cameras.options import SourceOptions
from sightline.errors import ServiceUnavailable
from sightline.models.selection import select_models
from sightline.ranking import RankingResult
from sightline.settings import Settings
from sightline.stages.embedder import Embedder
from sightline.types import Float32Array, Sighting, to_us

CAMERA = "street"
START_US = to_us(datetime(2026, 3, 1, 8, tzinfo=UTC))
LEAST_SCORES = (0.1, 0.3, 0.5, 0.7)
"""Galleries of the detections of at least these scores: fainter ones bring more people, and more wrong answers."""
QUICK_FRAMES = 60
_DEADLINE_S = 900.0


@dataclass(frozen=True, slots=True)
class Scored:
    """How the sightings of at least ``least_score`` do."""

    least_score: float
    sightings: int
    recall: Recall
    ranking: RankingResult


def main() -> None:
    """Run it and write the table."""
    arguments = parser(__doc__).parse_args()
    facts = machine_facts()
    with tempfile.TemporaryDirectory(prefix="sl-street-") as folder, running(install=install_yardsticks) as product:
        frames = unpack_frames(shared("data", "street_camera", "camera6.tar"), Path(folder))
        for unused in frames[QUICK_FRAMES:] if arguments.quick else []:
            unused.unlink()
        settings = product.run(stream={"mode": "replay", "sample": "all"})
        sightings = _sightings(settings, Path(folder))
        scored = _score(settings, sightings, frames)
        models = select_models(settings).names
    _report(scored, models, facts).publish(output_folder(arguments))


def _sightings(settings: Settings, folder: Path) -> list[Sighting]:
    """Publish the frames and let the stream see them all."""
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


def _wait(settings: Settings) -> None:
    kafka = settings.kafka
    group, topic = kafka.topic_prefix + settings.stream.group_id, kafka.topic("camera_frames")
    end_s = time.monotonic() + _DEADLINE_S
    while waiting := sum(group_lag(settings, group_id=group, topic=topic).values()):
        if time.monotonic() > end_s:
            raise ServiceUnavailable("stream", f"{waiting} frames still wait after {_DEADLINE_S:.0f} s")
        say(f"{waiting} frames wait")
        time.sleep(2.0)


def _score(settings: Settings, sightings: Sequence[Sighting], frames: Sequence[Path]) -> list[Scored]:
    archive = shared("data", "street_camera", "camera6.tar")
    present = {frame.name for frame in frames if frame.exists()}
    people = {name: frame for name, frame in read_people(archive).items() if name in present}
    queries = read_queries(shared("data", "market1501", "images.tar"), named_pids(people))
    vectors = asyncio.run(_embed(settings, queries))
    pids = label_sightings(sightings, frames, people, start_us=START_US)
    scored = []
    for least in LEAST_SCORES:
        rows = [row for row, one in enumerate(sightings) if one.score >= least]
        kept = [sightings[row] for row in rows]
        recall = detection_recall(kept, frames, people, start_us=START_US)
        scored.append(Scored(least, len(kept), recall, rank_sightings(queries, vectors, kept, pids[rows])))
    return scored


async def _embed(settings: Settings, queries: Sequence[Query]) -> Float32Array:
    spec = select_models(settings).embedder.spec
    assert spec.crop is not None, "an embedder has a crop rule: ModelSpec checks it"
    inference = TritonInference(settings.triton)
    await inference.open()
    try:
        return await embed_queries(Embedder(inference, spec), spec.crop, queries)
    finally:
        await inference.close()


def _report(scored: Sequence[Scored], models: Sequence[str], facts: Mapping[str, Cell]) -> Report:
    columns = ("detections from score", "sightings", "recall", "rank-1", "rank-5", "rank-10", "mAP", "queries")
    rows = tuple(
        (
            one.least_score,
            one.sightings,
            one.recall.rate,
            *(float(one.ranking.cmc[rank - 1]) for rank in (1, 5, 10)),
            one.ranking.mean_ap,
            one.ranking.queries,
        )
        for one in scored
    )
    every = scored[0]
    return Report(
        name="street_baseline",
        title="Finding people of a street camera by crops of other cameras",
        method=(
            f"Market-1501's camera 6, a frame a second, published to Kafka and seen by {', '.join(models)} with every "
            "detection kept (`stream.sample=all`). A sighting is the person whose box it overlaps by an IoU of 0.5: people "
            "whom the data do not name are left out, boxes of nobody are wrong answers. Queries are crops of cameras 1 to 5; "
            "recall is the part of all boxes of the ground truth that a sighting overlaps. No re-ranking."
        ),
        tables=(Table("By the least detection score", columns, rows),),
        machine=facts,
        notes=(
            "Each row has a gallery of its own: a person who is not detected is no missing answer there, so read rank-1 and "
            "mAP together with the recall.",
        ),
        figures={"rank1": float(every.ranking.cmc[0]), "mean_ap": every.ranking.mean_ap, "recall": every.recall.rate},
    )


if __name__ == "__main__":
    main()
