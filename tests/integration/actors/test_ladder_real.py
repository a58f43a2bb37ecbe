"""The ladder on a real Kafka and a real Triton: optional models go away and come back while cameras publish, live."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import pytest
from kafka import KafkaProducer
from support import world
from support.invariants import assert_exactly_once, read_ledger
from support.processes import until

from actors.camera_stream import CameraStream
from actors.stages import open_stages
from benchmarks.made_up_models import constant_net
from sightline.adapters.kafka.client import connection_options
from sightline.adapters.triton.admin import TritonAdmin
from sightline.body_model.parts import PARTS
from sightline.models.repository import ModelRepository
from sightline.settings import Settings
from sightline.spec import CropRule, ModelKind, ModelSpec, TensorSpec
from sightline.telemetry import Registry, StreamMetrics
from sightline.types import EncodedFrame, Sighting
from sightline.wire import frame_to_message

pytestmark = pytest.mark.stack

FPS = 4.0
SIZE_HW = (64, 32)
BOX_XYXY = (100.0, 60.0, 160.0, 200.0)
STALE_AFTER_S = 20.0
"""Long, for the machine may be busy: no frame is shed unless something holds it up for good."""


def specs_and_answers(prefix: str) -> dict[str, tuple[ModelSpec, dict[str, Any]]]:
    """Stage -> a model that says the same of every picture."""
    boxes, scores = np.zeros((1, 100, 4), np.float32), np.zeros((1, 100), np.float32)
    boxes[0, 0], scores[0, 0] = BOX_XYXY, 0.9
    part = np.full((1, 16, 8), PARTS.index("torso_front"), np.uint8)
    zeros = np.zeros((1, 16, 8), np.float32)
    answers: dict[str, tuple[ModelKind, dict[str, Any], dict[str, Any]]] = {
        "detector": ("detector", {"boxes": boxes, "scores": scores}, {}),
        "pose": (
            "keypoints",
            {"xy": np.full((1, 2, 2), 16, np.float32), "confidence": np.ones((1, 2), np.float32)},
            {"joints": ("nose", "neck")},
        ),
        "dense": ("densepose", {"part": part, "u": zeros, "v": zeros}, {}),
        "embedder": (
            "embedder",
            {"embedding": np.full((1, 16), 0.25, np.float32), "attributes": np.array([[0.9, 0.1]], np.float32)},
            {"attributes": ("hat:yes", "upper_colour:red")},
        ),
    }
    made = {}
    for stage, (kind, constants, more) in answers.items():
        picture = TensorSpec(name="image" if kind == "detector" else "crop", dtype="uint8", shape=(-1, 240, 320, 3))
        if kind != "detector":
            picture = picture.model_copy(update={"shape": (-1, *SIZE_HW, 3)})
            more["crop"] = CropRule(size_hw=SIZE_HW)
        outputs = tuple(
            TensorSpec(name=name, dtype=array.dtype.name, shape=(-1, *array.shape[1:])) for name, array in constants.items()
        )
        name = f"{stage}_{prefix.strip('-')}"
        made[stage] = (ModelSpec(name=name, kind=kind, inputs=(picture,), outputs=outputs, sha256="0" * 64, **more), constants)
    return made


class Camera:
    """Publishes a frame now and then, until it is stopped."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._frame = world.frames(name, 1)[0]
        self._stopping = threading.Event()
        self.published = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        producer = KafkaProducer(**connection_options(self._settings.kafka))
        topic = self._settings.kafka.topic("camera_frames")
        while not self._stopping.wait(1 / FPS):
            number = self.published
            frame = EncodedFrame(
                self._frame.camera, f"{self._frame.camera}-{number}", int(time.time() * 1e6), "image/jpeg", self._frame.data
            )
            message = frame_to_message(frame, topic)
            producer.send(message.topic, key=message.key, value=message.value, headers=list(message.headers)).get(30)
            self.published += 1
        producer.close()


@dataclass
class Running:
    """A live stream over the models."""

    settings: Settings
    registry: Registry
    stream: CameraStream
    models: dict[str, str]

    def off(self) -> set[str]:
        return {stage for stage, said in self.stream.describe()["degraded"].items() if said["off"]}

    def missed(self, stage: str) -> int:
        return sum(self.stream.describe()["degraded"].get(stage, {"missed": {}})["missed"].values())

    def control(self, doing: str, *stages: str) -> None:
        async def do() -> None:
            async with TritonAdmin(self.settings.triton) as admin:
                for stage in stages:
                    await getattr(admin, doing)(self.models[stage])

        asyncio.run(do())

    def kill(self, stage: str) -> None:
        """SIGKILL to the process that runs the model within Triton."""
        stubs = [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(self.models[stage] in argument for argument in process.info["cmdline"] or ())
        ]
        assert len(stubs) == 1, stubs
        stubs[0].send_signal(signal.SIGKILL)

    def sightings(self) -> list[Sighting]:
        """In order of capture."""
        return sorted(read_ledger(self.settings).sightings, key=lambda one: one.captured_at_us)


@pytest.fixture
def running(stack: Callable[..., Settings], unique_prefix: str) -> Iterator[Running]:
    made = specs_and_answers(unique_prefix)
    names = {stage: spec.name for stage, (spec, _) in made.items()}
    settings = stack(
        "kafka",
        "triton",
        stream={"sample": "all", "stale_after_s": STALE_AFTER_S},
        pipeline={stage: {"model": name} for stage, name in names.items()},
    )
    repository = ModelRepository(settings.model_repositories)
    for spec, constants in made.values():
        repository.add(spec, constant_net(spec, constants).SerializeToString())
    registry = Registry()
    metrics = StreamMetrics(registry)
    stream = CameraStream(
        settings,
        name="live",
        open_stages=lambda: open_stages(settings, metrics),
        blobs=world.Crops(),
        decode_threads=1,
        clock=time.time,
        metrics=metrics,
    )
    one = Running(settings, registry, stream, names)
    one.control("load", *names)
    thread = threading.Thread(target=stream.run)
    thread.start()
    yield one
    stream.stop()
    thread.join(60)
    one.control("unload", *names)
    assert not thread.is_alive()


def test_models_go_and_come_back_and_no_frame_is_lost(running: Running) -> None:
    until(lambda: running.stream.describe()["partitions"], timeout_s=120, what="the stream to take its partitions")
    camera = Camera(running.settings, "door")
    until(lambda: len(running.sightings()) >= 3, timeout_s=120, what="sightings", every_s=0.5)
    until(lambda: not running.off(), timeout_s=60, what="everything to be on")

    running.control("unload", "dense")
    until(lambda: running.missed("dense") >= 3, timeout_s=60, what="frames without dense coordinates")
    assert running.off() == {"dense"}
    running.control("unload", "pose")
    until(lambda: running.missed("pose") >= 3, timeout_s=60, what="frames without key points")
    assert running.off() == {"dense", "pose"}
    running.control("load", "dense", "pose")
    until(lambda: not running.off(), timeout_s=60, what="both to be on again")

    running.kill("pose")
    before = running.missed("pose")
    until(lambda: running.missed("pose") > before and not running.off(), timeout_s=120, what="the killed model to be back")
    seen = len(running.sightings())
    until(lambda: len(running.sightings()) >= seen + 5, timeout_s=60, what="sightings with everything", every_s=0.5)
    camera.stop()
    until(lambda: read_ledger(running.settings).lag == 0, timeout_s=60, what="every frame's outcome", every_s=0.5)

    ledger = read_ledger(running.settings)
    assert_exactly_once(ledger)
    state = ledger.states["door"][1]
    assert (state.seen, dict(state.shed), dict(state.dead)) == (camera.published, {}, {})
    sightings = running.sightings()
    assert len(sightings) == camera.published
    assert sum(one.visibility is None for one in sightings) == running.missed("dense")
    assert sum(one.keypoints is None for one in sightings) == running.missed("pose")
    whole = [one for one in sightings if one.visibility is not None and one.keypoints is not None]
    assert whole[-1] in sightings[-5:], "after all came back, sightings carry everything again"
    for one in (whole[0], whole[-1]):
        assert one.visibility[PARTS.index("torso_front") - 1] == 1
        assert one.keypoints.shape == (19, 3)
        assert one.attributes == {"hat:yes": 0.9, "upper_colour:red": 0.1}
    counted = running.registry.get_sample_value
    reasons = running.stream.describe()["degraded"]["pose"]["missed"]
    for reason, count in reasons.items():
        labels = {"stage": "pose", "reason": reason}
        assert counted("sightline_degraded_frames_total", labels) == count
