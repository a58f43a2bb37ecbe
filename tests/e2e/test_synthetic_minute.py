"""A recorded minute of the synthetic world through Kafka, Ray, Triton, Milvus and HTTP, scored against its exact truth.

Then another embedder is promoted under the running product, and rolled back.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from support.command_line import CommandLine
from support.invariants import assert_exactly_once, read_ledger
from support.processes import until
from support.served_models import add_embedder

from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.milvus import count, sighting_ids
from sightline.cameras.options import SourceOptions
from sightline.cameras.synthetic.ground_truth import FrameTruth
from sightline.cameras.synthetic.source import SyntheticSource
from sightline.cameras.synthetic.world import World
from sightline.cli.demo_score import seen
from sightline.cli.demo_truth import TruthStore
from sightline.cli.questions_client import QuestionsClient
from sightline.evaluation.cross_camera import cross_camera_queries, score_cross_camera
from sightline.evaluation.frame_truth import TrueFrame
from sightline.evaluation.stream_sightings import FrameKey, Seen, named
from sightline.evaluation.tracking import detection_recall, identity_score
from sightline.models.repository import ModelRepository
from sightline.models.selection import select_models

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(3000)]

SEED, CAMERAS, FPS = 5, 4, 2.0
SECONDS = int(os.environ.get("SYNTHETIC_S", "20"))
"""Of the world's time; ``SYNTHETIC_S=60`` is the whole minute."""
START_US = 1_772_352_000_000_000
MOST_QUERIES = 60


@dataclass
class Minute:
    """The running product, and what it was shown."""

    commands: CommandLine
    truth: TruthStore = field(default_factory=lambda: TruthStore(keep_s=3600))

    def publish(self, seconds: float, *, start_us: int) -> None:
        """Every camera's frames, as fast as they are rendered."""
        publisher = FramePublisher(self.commands.settings)
        publisher.open()
        for view in World(SEED, cameras=CAMERAS).views:
            options = SourceOptions(view.name, fps=FPS, start_us=start_us, paced=False)
            source = SyntheticSource(view, seed=SEED, options=options, on_truth=self._on_truth, frames=round(seconds * FPS))
            for frame in source.frames():
                publisher.publish(frame)
        publisher.close()

    def _on_truth(self, truth: FrameTruth, frame_id: str) -> None:
        self.truth.append(truth, frame_id)

    def settle(self) -> set[str]:
        """Wait until every frame has its outcome and every sighting can be found; their ids."""
        until(lambda: read_ledger(self.commands.settings).lag == 0, timeout_s=1200, what="every frame's outcome", every_s=2)
        ledger = read_ledger(self.commands.settings)
        assert_exactly_once(ledger)
        by_space: dict[str, set[str]] = {}
        for sighting in ledger.sightings:
            by_space.setdefault(sighting.space, set()).add(sighting.sighting_id)
        for space, ids in by_space.items():
            until(lambda space=space, ids=ids: ids <= self.ids(space), timeout_s=300, what=f"{space} in Milvus", every_s=2)
        return set().union(*by_space.values())

    def ids(self, space: str) -> set[str]:
        return set(sighting_ids(self.commands.settings.milvus, space))

    @property
    def space(self) -> str:
        """Of the embedder that is live."""
        return select_models(self.commands.settings).embedder.spec.embedding_space.name

    @cached_property
    def questions(self) -> QuestionsClient:
        return QuestionsClient(self.commands.settings)

    def sightings(self) -> list[Seen]:
        """All, as the API lists them."""
        return [seen(document) for document in self.questions.sightings({}, most=100_000)]


@pytest.fixture(scope="module")
def minute() -> Iterator[Minute]:
    """The minute published, and seen by the shipped models."""
    folder = Path(tempfile.mkdtemp(prefix="sl-min-"))
    commands = CommandLine.make(folder, stream={"mode": "replay", "sample": "all"})
    try:
        commands.run("up", timeout_s=900)
        made = Minute(commands)
        made.publish(SECONDS, start_us=START_US)
        made.settle()
        yield made
    finally:
        commands.run("down")
        shutil.rmtree(folder)


def test_people_are_found_followed_and_found_again(minute: Minute) -> None:
    truth: dict[FrameKey, TrueFrame] = minute.truth.frames()
    sightings = minute.sightings()
    assert len(truth) == CAMERAS * SECONDS * FPS
    recall = detection_recall(truth.values(), sightings)
    print(f"\n{len(truth)} frames, {len(sightings)} sightings; detection recall {recall.value:.3f} of {recall.whole}")
    cameras = sorted({camera for camera, _ in truth})
    idf1 = {}
    for camera in cameras:
        frames = [frame for (name, _), frame in truth.items() if name == camera]
        idf1[camera] = identity_score(frames, [one for one in sightings if one.camera == camera]).idf1
        print(f"{camera}: IDF1 {idf1[camera]:.3f}")
    pids = named(sightings, truth)

    def ask(query: Seen) -> list[str]:
        others = [camera for camera in cameras if camera != query.camera]
        answer = minute.questions.similar(query.sighting_id, {"camera": others, "k": 1000})
        return [match["sighting_id"] for match in answer["matches"]]

    queries = cross_camera_queries(sightings, pids, most=MOST_QUERIES)
    score = score_cross_camera(queries, sightings, pids, ask)
    print(f"across cameras: rank-1 {score.rank1:.3f}, mAP {score.mean_ap:.3f} of {score.queries} queries")
    assert recall.value > 0.7
    assert sum(idf1.values()) / len(idf1) > 0.2, "at two frames a second people step over their own boxes: tracks are short"
    assert len(queries) >= 10
    assert score.rank1 > 0.5
    assert score.mean_ap > 0.4


def test_another_embedder_is_promoted_under_the_running_product_and_rolled_back(minute: Minute) -> None:
    commands, former = minute.commands, minute.space
    seen_before = minute.settle()
    add_embedder(ModelRepository(commands.settings.model_repositories), "reid_colours", dimension=48)
    query = minute.sightings()[0].sighting_id

    said = commands.run("models", "promote", "reid_colours", timeout_s=1500).stdout
    assert "reid_colours version 1 is live" in said
    space = minute.space
    assert space.startswith("reid_colours_")
    assert minute.ids(space) == seen_before, "the same ids"
    answer = minute.questions.similar(query, {"k": 5})
    assert answer["query"]["embedding_space"] == space
    assert {match["sighting_id"] for match in answer["matches"]} <= seen_before

    minute.publish(4, start_us=START_US + SECONDS * 1_000_000)
    everything = minute.settle()
    assert len(everything) > len(seen_before)
    assert minute.ids(space) == everything, "new frames are of the new space"
    assert minute.ids(former) == seen_before, "and the former one is as it was"

    commands.run("models", "rollback", timeout_s=1500)
    assert minute.space == former
    assert minute.ids(former) == everything, "what came meanwhile was embedded with it"
    assert count(commands.settings.milvus, former) == len(everything)
    assert minute.questions.similar(query, {"k": 5})["query"]["embedding_space"] == former
