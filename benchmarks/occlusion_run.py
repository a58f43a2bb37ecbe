"""Sightings of synthetic people who stand behind things, chosen with and without knowing what can be seen of them.

All modes see the same frames and the same detections; they differ in which crops they keep. Legend: D detections of a frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sightline.cameras.synthetic.crops import iuv_of
from sightline.cameras.synthetic.ground_truth import FrameTruth, SyntheticFrame
from sightline.cameras.synthetic.world import WorldCamera
from sightline.geometry import pairwise_iou, xywh_to_xyxy, xyxy_to_xywh
from sightline.settings import Settings
from sightline.stages.following import CameraMemory, Follower, Proposal
from sightline.stages.perception import Perception
from sightline.stages.visibility import part_shares
from sightline.types import BODY_PARTS, Detections, Float32Array, Frame, Int64Array

NOBODY = 0
"""The pid of a detection that fits no person of the truth: a distractor."""

_LEAST_IOU = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A crop that was kept, or asked with.

    Attributes:
        pid: who it is, or :data:`NOBODY`.
        camera: number of the camera.
        visible: how much of the silhouette nothing stands before, from the truth.
        embedding: float32 (D,).
    """

    pid: int
    camera: int
    visible: float
    embedding: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A frame with what is found and what is true; ``rows`` int64 (D,) is each detection's row of the truth, -1 for none."""

    frame: Frame
    detections: Detections
    truth: FrameTruth
    rows: Int64Array


Look = Callable[[Scene, Proposal], Awaitable[Float32Array | None]]
"""How much of each proposed person can be seen: float32 (P, 24); None = nobody knows."""


@dataclass(slots=True)
class Mode:
    """One way to choose crops; ``kept`` is what it chose."""

    name: str
    look: Look
    kept: list[Person] = field(default_factory=list)
    looked: int = 0


async def by_boxes(scene: Scene, proposal: Proposal) -> Float32Array | None:
    """Without dense coordinates."""
    await asyncio.sleep(0)
    return None


def by_net(perception: Perception) -> Look:
    """With the dense model of the bundle."""

    async def look(scene: Scene, proposal: Proposal) -> Float32Array | None:
        return await perception.visibility(scene.frame.image, proposal.boxes_xyxy)

    return look


async def by_truth(scene: Scene, proposal: Proposal) -> Float32Array | None:
    """With the exact coordinates of the synthetic world: what a perfect model would bring."""
    await asyncio.sleep(0)
    whole = np.array([0, 0, *scene.truth.size_wh], np.float32)
    seen = np.zeros((len(proposal), BODY_PARTS), np.float32)
    for index, (row, box) in enumerate(zip(scene.rows[proposal.indices], xyxy_to_xywh(proposal.boxes_xyxy), strict=True)):
        if row >= 0:
            seen[index] = part_shares(iuv_of(scene.truth, int(row))[..., 0], box, whole)
    return seen


class Watch:
    """Watches cameras in all modes at once.

    Args:
        perception: of the bundle.
        detects: whether it has a detector; else the true boxes are taken.
        settings: of tracker and sampler.
        modes: what to compare.
        random: chooses the queries.
        asked_of_a_hundred: of so many of a hundred detections a query is made.
    """

    def __init__(
        self,
        perception: Perception,
        *,
        detects: bool,
        settings: Settings,
        modes: Sequence[Mode],
        random: np.random.Generator,
        asked_of_a_hundred: int = 4,
    ) -> None:
        self._perception = perception
        self._detects = detects
        self._follower = Follower(settings)
        self._modes = modes
        self._random = random
        self._asked = asked_of_a_hundred / 100
        self.queries: list[Person] = []

    async def camera(self, view: WorldCamera, times_us: Sequence[int]) -> None:
        """Take a camera's frames through all modes."""
        memories = [CameraMemory.from_arrays({}) for _ in self._modes]
        for number, time_us in enumerate(times_us):
            scene = await self._scene(view, view.frame(time_us), f"{number}")
            known: dict[int, Person] = {}
            for place, mode in enumerate(self._modes):
                proposal = self._follower.propose(memories[place], scene.detections, scene.frame)
                mode.looked += len(proposal)
                seen = await mode.look(scene, proposal) if len(proposal) else None
                memories[place], chosen = self._follower.choose(proposal, seen)
                mode.kept += [await self._person(view, scene, int(index), known) for index in chosen.indices]
            asked = np.flatnonzero((self._random.random(len(scene.rows)) < self._asked) & (scene.rows >= 0))
            self.queries += [await self._person(view, scene, int(index), known) for index in asked]

    async def _scene(self, view: WorldCamera, seen: SyntheticFrame, name: str) -> Scene:
        frame = Frame(view.name, name, seen.truth.captured_at_us, seen.image)
        true_boxes = xywh_to_xyxy(seen.truth.boxes_xywh)
        if self._detects:
            found = await self._perception.detect(self._perception.canvas(seen.image))
        else:
            found = Detections(true_boxes, np.full(len(true_boxes), 0.9, np.float32))
        overlap = pairwise_iou(found.boxes_xyxy, true_boxes)
        rows = np.full(len(found), -1, np.int64)
        if overlap.size:
            rows = np.where(overlap.max(axis=1) >= _LEAST_IOU, overlap.argmax(axis=1), -1)
        return Scene(frame, found, seen.truth, rows)

    async def _person(self, view: WorldCamera, scene: Scene, index: int, known: dict[int, Person]) -> Person:
        """The detection, embedded once however many modes keep it."""
        if index not in known:
            row = int(scene.rows[index])
            boxes = scene.detections.boxes_xyxy[index : index + 1]
            joints = await self._perception.joints(scene.frame.image, boxes) if self._perception.has_pose else None
            embedding = (await self._perception.embed(scene.frame.image, boxes, joints)).vectors[0]
            pid = int(scene.truth.pids[row]) if row >= 0 else NOBODY
            visible = float(scene.truth.visible_fraction[row]) if row >= 0 else 0.0
            known[index] = Person(pid, view.number, visible, embedding)
        return known[index]


def moments(seconds: float, *, fps: float) -> Iterator[int]:
    """Capture times, microseconds."""
    return (round(number * 1e6 / fps) for number in range(round(seconds * fps)))
