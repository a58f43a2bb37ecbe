"""The generated world: four cameras, people who walk through them, and the deployment that answers about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from serving.cameras import CameraBoard
from serving.drawing import CropDrawing
from serving.operations_render import Links
from serving.pool import BlockingPool
from serving.search import SearchService
from serving.services import Check, Services
from sightline.decoding import ImageLimits
from sightline.geometry import expand_box, integer_box, xyxy_to_xywh
from sightline.ports import BlobStore, Clock, DenseEstimator, Gallery, PoseEstimator
from sightline.stages.ladder import Degradations, Ladder
from sightline.stages.perception import Perception, Stages
from sightline.telemetry import Registry, ServingMetrics
from sightline.testing import InMemoryBlobs, InMemoryGallery
from sightline.types import CameraState, Sighting, UInt8Array, sighting_id, track_id
from support.questions.pictures import Colour, Look, Person, Scene, to_jpeg
from support.questions.stages import (
    DENSE_SPEC,
    DETECTOR_SPEC,
    EMBEDDER_SPEC,
    POSE_SPEC,
    ColourDetector,
    ColourEmbedder,
    StandingDense,
    StandingPose,
)
from support.questions.watched import watched

T = TypeVar("T")

CAMERAS = ("entrance", "hall-east", "hall-west", "car-park")
COLOURS: Mapping[str, Colour] = {
    "red": (200, 40, 45),
    "blue": (40, 70, 190),
    "green": (35, 140, 70),
    "amber": (235, 165, 30),
    "violet": (130, 60, 170),
    "teal": (20, 140, 150),
}
LOOKS = tuple(
    Look(COLOURS[top], COLOURS[trousers]) for top in COLOURS for trousers in ("blue", "green", "violet") if top != trousers
)
LINKS = Links("https://grafana.example", "https://docs.example/sightline")
FRAMES_PER_TRACK = 3
MARGIN = 0.2
_LIMITS = ImageLimits(max_bytes=4 * 1024 * 1024, max_pixels=20_000_000, max_side=16_384)


def _gallery() -> InMemoryGallery:
    space = EMBEDDER_SPEC.embedding_space
    return InMemoryGallery(space.name, dimension=space.dimension)


@dataclass
class World:
    """A gallery of generated sightings and the services over it.

    Attributes:
        clock: the time that the world takes for now; its sightings are of the hour before.
        gallery, blobs: the fakes that hold them.
        checks: what readiness asks; a test puts a failing one in.
        pose, dense: stages that questions can go without.
        is_watched: whether there is a Prometheus; ``history`` is what it has.
    """

    clock: Clock
    gallery: Gallery = field(default_factory=_gallery)
    blobs: BlobStore = field(default_factory=InMemoryBlobs)
    checks: dict[str, Check] = field(default_factory=dict)
    max_searches: int = 16
    rerank_top: int = 200
    pose: PoseEstimator = field(default_factory=StandingPose)
    dense: DenseEstimator = field(default_factory=StandingDense)
    is_watched: bool = True

    def __post_init__(self) -> None:
        self.perception = Perception(
            Stages(
                ColourDetector(), DETECTOR_SPEC, ColourEmbedder(), EMBEDDER_SPEC,
                self.pose, POSE_SPEC, self.dense, DENSE_SPEC,
            )
        )  # fmt: skip
        self.board = CameraBoard(self.clock)
        self.history = watched(self.clock)

    def copy(self) -> World:
        """Another world with the same sightings, pictures and cameras."""
        other = World(self.clock)
        sightings = self.gallery.newest(limit=1000)
        other.gallery.add(sightings)
        for sighting in sightings:
            if sighting.crop_key:
                other.blobs.put(sighting.crop_key, self.blobs.get(sighting.crop_key))
        other.report_cameras()
        return other

    async def fill(self) -> None:
        """Let everybody walk through two cameras, and the cameras report."""
        minutes = 0.0
        for number, look in enumerate(LOOKS):
            for visit in range(2):
                camera = CAMERAS[(number + visit) % len(CAMERAS)]
                began_s = self.clock() - 3600 + minutes * 60
                await self._walk(look, camera, began_s, f"walk-{number}-{visit}")
                minutes += 55 / (len(LOOKS) * 2)
        self.report_cameras()

    def report_cameras(self) -> None:
        """Let each camera tell of its last ten seconds: three live ones, one of which sheds, and a quiet one."""
        for position, camera in enumerate(CAMERAS):
            self._report(camera, fps=(12.5, 10.0, 8.0, 0.0)[position], shed={"stale": 40} if position == 2 else {})

    async def _walk(self, look: Look, camera: str, began_s: float, name: str) -> None:
        track = track_id(camera, f"{name}-0", 0)
        for step in range(FRAMES_PER_TRACK):
            scene = room(camera, (Person(look, (160 + 150 * step, 330 - 15 * step), 230 - 20 * step),))
            await self.see(scene, camera, began_s + 2 * step, f"{name}-{step}", track)

    async def see(self, scene: Scene, camera: str, at_s: float, frame_id: str, track: str) -> list[Sighting]:
        """Put everybody of a scene into the gallery, as the stream would."""
        image = scene.draw()
        found = await self.perception.detect(self.perception.canvas(image))
        seen = await self.perception.describe(image, found.boxes_xyxy)
        sightings = []
        for index, box in enumerate(found.boxes_xyxy):
            unique = sighting_id(camera, frame_id, index)
            crop, crop_box = _cut(image, box)
            self.blobs.put(f"crops/{unique}.jpg", to_jpeg(crop))
            x, y, w, h = (float(value) for value in xyxy_to_xywh(box))
            sightings.append(
                Sighting(
                    sighting_id=unique,
                    camera=camera,
                    frame_id=frame_id,
                    captured_at_us=int(at_s * 1e6),
                    track=track,
                    box_xywh=(x, y, w, h),
                    score=float(found.scores[index]),
                    quality=0.8,
                    embedding=seen.embeddings.vectors[index],
                    space=seen.embeddings.space,
                    crop_key=f"crops/{unique}.jpg",
                    crop_box_xywh=crop_box,
                    keypoints=seen.keypoints[index] if seen.keypoints is not None else None,
                    attributes=dict(zip(self.perception.attributes, seen.embeddings.attributes[index].tolist(), strict=True)),
                    visibility=seen.visibility[index] if seen.visibility is not None else None,
                )
            )
        self.gallery.add(sightings)
        return sightings

    def _report(self, camera: str, *, fps: float, shed: Mapping[str, int]) -> None:
        now_s = self.clock()
        behind_s = 0.2 if fps else 95.0
        for second in range(11):
            at_s = now_s - behind_s - 10 + second
            seen = int(fps * at_s) if fps else 1000
            state = CameraState(
                camera=camera, captured_at_us=int(at_s * 1e6), offset=seen, picture_wh=(640, 360), seen=seen, shed=shed
            )
            self.board.update(state, committed_at_s=at_s)

    def services(self) -> Services:
        """The deployment over this world."""
        pool = BlockingPool(threads=2)
        registry = Registry()
        metrics = ServingMetrics(registry)
        ladder = Ladder(self.perception.probes(), Degradations(metrics.degradations))

        async def ask(stage: str, call: Callable[[], Awaitable[T]]) -> T | None:
            return await ladder.ask(stage, call, within_s=5.0)

        search = SearchService(
            self.perception,
            self.gallery,
            space=EMBEDDER_SPEC.embedding_space,
            pool=pool,
            min_person_score=0.3,
            rerank_top=self.rerank_top,
            ask=ask,
            observe=lambda step, seconds: metrics.search_seconds.labels(step).observe(seconds),
        )
        return Services(
            search=search,
            drawing=CropDrawing(self.perception, pool, ask=ask),
            gallery=self.gallery,
            blobs=self.blobs,
            cameras=self.board,
            pool=pool,
            registry=registry,
            metrics=metrics,
            limits=_LIMITS,
            checks=self.checks,
            max_searches=self.max_searches,
            attributes=self.perception.attributes,
            metrics_history=self.history if self.is_watched else None,
            links=LINKS,
            clock=self.clock,
            close=ladder.aclose,
        )


def room(camera: str, people: tuple[Person, ...]) -> Scene:
    """The view of a camera, each in a shade of its own."""
    return Scene(people, shade=120 + 20 * CAMERAS.index(camera))


def _cut(image: UInt8Array, box_xyxy: np.ndarray) -> tuple[UInt8Array, tuple[float, float, float, float]]:
    left, top, right, bottom = integer_box(expand_box(box_xyxy, MARGIN), (image.shape[1], image.shape[0]))
    x, y, w, h = (float(value) for value in xyxy_to_xywh(box_xyxy))
    return image[top:bottom, left:right], (x - left, y - top, w, h)
