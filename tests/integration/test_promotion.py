"""``sightline models promote | rollback`` on a real Kafka, Triton and Milvus, while the stream goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.command_line import PROGRAM
from support.invariants import read_ledger
from support.processes import until, write_settings
from support.served_models import add_detector, add_embedder
from support.writer_process import make_writer

from actors.camera_stream import CameraStream
from actors.stages import open_stages
from sightline.adapters.blobs import open_blobs
from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.milvus import MilvusGallery, count, drop, live_collection, sighting_ids
from sightline.adapters.triton import TritonAdmin
from sightline.models.live import LiveModels
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.patience import patiently
from sightline.settings import Settings, load_settings
from sightline.telemetry import Registry, StreamMetrics
from sightline.types import EncodedFrame, Match, SightingFilter

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1200)]

BOXES = ((20, 40, 70, 180), (120, 60, 170, 200), (220, 30, 280, 190))
START_US = 1_700_000_000_000_000


@dataclass
class Product:
    """Servers with two embedders, of which the first is live, and a stream and a writer in threads of this process."""

    config: Path
    first: InstalledModel
    second: InstalledModel

    @property
    def settings(self) -> Settings:
        """As they are now, promotions included."""
        return load_settings(self.config)

    def run(self, *arguments: str) -> str:
        """A ``sightline models`` command to its end."""
        started = self.start(*arguments)
        out, errors = started.communicate(timeout=500)
        assert started.returncode == 0, out + errors
        return out

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "SIGHTLINE_CONFIG": str(self.config), "COLUMNS": "160"}
        command = [*PROGRAM, "models", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ids(self, model: InstalledModel) -> set[str]:
        """Of all sightings in a model's space."""
        space = model.spec.embedding_space.name
        return patiently(lambda: set(sighting_ids(self.settings.milvus, space)))

    def count(self, model: InstalledModel) -> int:
        """Rows in a model's space."""
        return patiently(lambda: count(self.settings.milvus, model.spec.embedding_space.name))

    @property
    def live_space(self) -> str:
        """Of the collection that the alias names."""
        settings = self.settings.milvus
        return (patiently(lambda: live_collection(settings)) or "").removeprefix(f"{settings.collection_prefix}_")

    def gallery(self, model: InstalledModel) -> MilvusGallery:
        space = model.spec.embedding_space
        return MilvusGallery.open(self.settings.milvus, space=space.name, dimension=space.dimension)

    def answers(self, model: InstalledModel, *, before_us: int) -> list[list[tuple[str, float]]]:
        """Ids and scores of the nearest of five sightings, among those captured before."""

        def ask() -> list[list[Match]]:
            gallery = self.gallery(model)
            queries = gallery.newest(limit=5, before_us=before_us)
            vectors = np.array([query.embedding for query in queries], np.float32)
            found = gallery.search(vectors, k=10, where=SightingFilter(end_us=before_us))
            gallery.close()
            return found

        found = patiently(ask)  # Milvus Lite sends a client away that asks too often
        return [[(match.sighting.sighting_id, round(match.score, 4)) for match in matches] for matches in found]


@pytest.fixture
def product(stack: Callable[..., Settings], tmp_path: Path) -> Iterator[Product]:
    own = uuid.uuid4().hex[:6]
    off = {"enabled": False}
    settings = stack(
        "kafka",
        "triton",
        "milvus-lite",
        stream={"mode": "replay", "sample": "all", "session_timeout_s": 6, "transaction_timeout_s": 5},
        pipeline={"detector": {"model": f"person_detector_{own}"}, "pose": off, "dense": off},
    )
    repository = ModelRepository(settings.model_repositories)
    add_detector(repository, f"person_detector_{own}", boxes=BOXES)
    first = add_embedder(repository, f"reid_a_{own}", seed=1)
    second = add_embedder(repository, f"reid_b_{own}", seed=2, dimension=48)
    asyncio.run(_load(settings, f"person_detector_{own}", first.spec.name))
    LiveModels(settings.local.state_dir).note(first.spec)
    yield Product(write_settings(settings, tmp_path), first, second)
    for model in (first, second):
        drop(settings.milvus, model.spec.embedding_space.name)


async def _load(settings: Settings, *names: str) -> None:
    async with TritonAdmin(settings.triton) as admin:
        for name in names:
            await admin.load(name)


class Running:
    """A stream with the models of the settings as they are when it starts, and a writer; in threads."""

    def __init__(self, settings: Settings) -> None:
        self._stream = CameraStream(
            settings,
            name="camera-stream-0",
            open_stages=lambda: open_stages(settings, StreamMetrics(Registry())),
            blobs=open_blobs(settings),
            decode_threads=1,
            clock=time.time,
            metrics=StreamMetrics(Registry()),
        )
        self._writer = make_writer(settings, "writer-0", Registry())
        self._threads = [threading.Thread(target=work.run) for work in (self._stream, self._writer)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stream.stop()
        self._threads[0].join(40)
        self._writer.stop()
        self._threads[1].join(40)


def publish(settings: Settings, first: int, amount: int) -> None:
    """Frames of noise, a second apart, of two cameras in turn: no two are alike."""
    publisher = FramePublisher(settings)
    publisher.open()
    for number in range(first, first + amount):
        coarse = np.random.default_rng(number).integers(0, 256, (15, 20, 3), np.uint8)
        image = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
        data = cv2.imencode(".jpg", image)[1].tobytes()
        camera = ("hall", "door")[number % 2]
        publisher.publish(EncodedFrame(camera, f"frame-{number}", START_US + number * 1_000_000, "image/jpeg", data))
    publisher.close()


def all_written(product: Product, *models: InstalledModel) -> set[str]:
    """Wait until every frame has its outcome and every sighting is in the collection of its space; all ids."""
    until(lambda: read_ledger(product.settings).lag == 0, timeout_s=400, what="every frame's outcome", every_s=1)
    recorded = {sighting.sighting_id for sighting in read_ledger(product.settings).sightings}
    until(
        lambda: recorded <= set().union(*(product.ids(model) for model in models)),
        timeout_s=240,
        what="every sighting in Milvus",
        every_s=3,
    )
    return recorded


def test_promoted_while_frames_come_killed_in_the_middle_and_rolled_back(product: Product) -> None:
    first, second = product.first, product.second
    space = second.spec.embedding_space.name
    publish(product.settings, 0, 200)
    running = Running(product.settings)
    try:
        seen = all_written(product, first)
        assert len(seen) == 200 * len(BOXES)
        before_us = START_US + 200 * 1_000_000
        answers = product.answers(first, before_us=before_us)

        victim = product.start("promote", second.spec.name)
        until(lambda: product.count(second) > 0, timeout_s=240, what="the first batch", every_s=0.2)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        assert 0 < product.count(second) < len(seen), "it was not killed in the middle"
        assert product.settings.pipeline.embedder.model == first.spec.name, "the former one is live"
        assert product.live_space == first.spec.embedding_space.name
        assert product.answers(first, before_us=before_us) == answers

        publish(product.settings, 200, 20)  # of the former model's space: the stream goes on
        said = product.run("promote", second.spec.name)
        assert "were there already" in said
        assert "Neighbours of 100 sightings" in said
        assert f"{second.spec.name} version 1 is live" in said
        assert product.settings.pipeline.embedder.model == second.spec.name
        assert product.live_space == space
        all_written(product, first)
    finally:
        running.stop()

    running = Running(product.settings)  # as `sightline models promote` does by itself where the stream is deployed
    try:
        publish(product.settings, 220, 20)
        seen = all_written(product, first, second)
        assert len(seen) == 240 * len(BOXES)
        product.run("promote", second.spec.name)  # again: what was on its way is embedded too
        assert product.ids(second) == seen
        assert product.count(second) == len(seen), "each once"
        [(best, score), *_] = product.answers(second, before_us=START_US + 240 * 1_000_000)[0]
        assert best in seen
        assert score == pytest.approx(1, abs=1e-3), "a sighting is its own nearest"
        assert product.answers(first, before_us=before_us) == answers, "the former space is as it was"

        agreement = json.loads(product.run("diff", first.spec.name, second.spec.name, "--json"))["neighbours"]
        assert 0 < agreement["shared"] <= 1

        product.run("rollback")
        assert product.settings.pipeline.embedder.model == first.spec.name
        assert product.live_space == first.spec.embedding_space.name
        assert product.ids(first) == seen, "what came meanwhile was embedded with it"
        assert product.answers(first, before_us=before_us) == answers
    finally:
        running.stop()
