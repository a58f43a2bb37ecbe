"""The model stages put together: from a picture to people, and from people to what they look like.

The stream and the questions both go this way, so that a query is embedded exactly as the gallery was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from sightline.errors import ModelError
from sightline.geometry import Letterbox, crop_view, crop_window, crops, letterbox, xyxy_to_xywh
from sightline.ports import DenseEstimator, Detector, Embedder, PoseEstimator
from sightline.skeleton import JOINTS, indices
from sightline.spec import CropRule, ModelSpec
from sightline.stages.ladder import Ask, Probe, ask_plainly
from sightline.stages.visibility import part_shares
from sightline.types import BODY_PARTS, Detections, Embeddings, Float32Array, Int64Array, UInt8Array

POSE, DENSE = "pose", "dense"
"""The stages that can be gone without, by their names in ``settings.pipeline``."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages in use, with the specs that say what they need. ``pose`` and ``dense`` None = off."""

    detector: Detector
    detector_spec: ModelSpec
    embedder: Embedder
    embedder_spec: ModelSpec
    pose: PoseEstimator | None = None
    pose_spec: ModelSpec | None = None
    dense: DenseEstimator | None = None
    dense_spec: ModelSpec | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A picture as the detector wants it: ``pixels`` uint8 (h, w, 3), and how it was fitted."""

    pixels: UInt8Array
    fit: Letterbox


@dataclass(frozen=True, slots=True, eq=False)
class PartMaps:
    """Which part of the body each pixel of M crops shows.

    Attributes:
        part: uint8 (M, h, w), 0 background, 1-24 DensePose parts.
        views_xywh: float32 (M, 4), the rectangles of the picture that the maps show, pixels.
    """

    part: UInt8Array
    views_xywh: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """What M people look like.

    Attributes:
        embeddings: of the M crops.
        keypoints: float32 (M, J, 3), x and y in [0, 1] of the box, confidence; joints of :data:`sightline.skeleton.JOINTS`,
            those that the model does not have unseen. None without a pose stage, or where it was gone without.
        visibility: float32 (M, 24), see :mod:`sightline.stages.visibility`; None likewise.
    """

    embeddings: Embeddings
    keypoints: Float32Array | None
    visibility: Float32Array | None = None


class Perception:
    """Runs the stages. Calls may run concurrently.

    Raises:
        ModelError: a spec names joints that the skeleton does not have.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._pose_joints = _joints_of(stages.pose_spec)
        self._embedder_joints = _joints_of(stages.embedder_spec)

    @property
    def embedding_space(self) -> str:
        """Name of the space that :meth:`describe` embeds into."""
        return self._stages.embedder_spec.embedding_space.name

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes that the embedder gives; empty for none."""
        return self._stages.embedder_spec.attributes

    @property
    def has_pose(self) -> bool:
        """Whether there is a pose stage."""
        return self._stages.pose is not None

    @property
    def has_dense(self) -> bool:
        """Whether there is a dense stage."""
        return self._stages.dense is not None

    def probes(self) -> dict[str, Probe]:
        """The stages that can be gone without, each with its smallest call."""
        grey, box = np.full((64, 32, 3), 128, np.uint8), np.array([[0, 0, 32, 64]], np.float32)
        probes: dict[str, Probe] = {}
        if self.has_pose:
            probes[POSE] = lambda: self.joints(grey, box)
        if self.has_dense:
            probes[DENSE] = lambda: self.part_maps(grey, box)
        return probes

    def canvas(self, image: UInt8Array) -> Canvas:
        """Fit a picture (H, W, 3) to the detector's input; blocking, some 0.5 ms: call it off the event loop."""
        return Canvas(*letterbox(image, self._stages.detector_spec.canvas_hw))

    async def detect(self, canvas: Canvas) -> Detections:
        """The people in a picture, best first, boxes in pixels of the picture."""
        [found] = await self._stages.detector.detect(canvas.pixels[None])
        return Detections(canvas.fit.undo(found.boxes_xyxy), found.scores)

    async def joints(self, image: UInt8Array, boxes_xyxy: Float32Array) -> Float32Array:
        """The joints of the people in these boxes: float32 (M, J, 3) pixels of the picture, and confidence. (H, W, 3), (M, 4).

        Only with a pose stage. Joints that its model does not have are (0, 0, 0).
        """
        assert self._stages.pose is not None, "asked without a pose stage"
        rule = _crop_rule(self._stages.pose_spec)
        poses = await self._stages.pose.estimate(crops(image, boxes_xyxy, rule))
        views = _views(boxes_xyxy, rule, image)
        joints = np.zeros((len(boxes_xyxy), len(JOINTS), 3), np.float32)
        joints[:, self._pose_joints, :2] = poses.xy * views[:, None, 2:] + views[:, None, :2]
        joints[:, self._pose_joints, 2] = poses.confidence
        return joints

    async def part_maps(self, image: UInt8Array, boxes_xyxy: Float32Array) -> PartMaps:
        """Which part of the body is where in these boxes of a picture. (H, W, 3), (M, 4). Only with a dense stage."""
        assert self._stages.dense is not None, "asked without a dense stage"
        rule = _crop_rule(self._stages.dense_spec)
        found = await self._stages.dense.estimate(crops(image, boxes_xyxy, rule))
        return PartMaps(found.part, _views(boxes_xyxy, rule, image))

    async def visibility(self, image: UInt8Array, boxes_xyxy: Float32Array) -> Float32Array:
        """How visible each part of the people in these boxes is: float32 (M, 24). Only with a dense stage."""
        maps = await self.part_maps(image, boxes_xyxy)
        people = zip(maps.part, xyxy_to_xywh(boxes_xyxy), maps.views_xywh, strict=True)
        return np.array([part_shares(*person) for person in people], np.float32).reshape(-1, BODY_PARTS)

    async def embed(self, image: UInt8Array, boxes_xyxy: Float32Array, joints: Float32Array | None = None) -> Embeddings:
        """Embed the people in these boxes of a picture. (H, W, 3), (M, 4); M may be 0.

        Args:
            joints: of :meth:`joints`, for the nets that pool by them; None = all unseen.
        """
        rule = _crop_rule(self._stages.embedder_spec)
        people = crops(image, boxes_xyxy, rule)
        if joints is None:
            return await self._stages.embedder.embed(people)
        windows = [crop_window(box, rule, (image.shape[1], image.shape[0])) for box in boxes_xyxy]
        in_crop = joints_within(joints, np.array(windows, np.float32).reshape(-1, 4))
        return await self._stages.embedder.embed(people, in_crop[:, self._embedder_joints])

    async def describe(self, image: UInt8Array, boxes_xyxy: Float32Array, *, ask: Ask = ask_plainly) -> Appearance:
        """All that can be said of the people in these boxes of a picture. (H, W, 3), (M, 4); M may be 0.

        Args:
            ask: how the stages that can be gone without are asked.
        """

        async def optionally(
            stage: str, there: bool, look: Callable[[UInt8Array, Float32Array], Awaitable[Float32Array]]
        ) -> Float32Array | None:
            return await ask(stage, lambda: look(image, boxes_xyxy)) if there else None

        joints, visibility = await asyncio.gather(
            optionally(POSE, self.has_pose, self.joints), optionally(DENSE, self.has_dense, self.visibility)
        )
        embeddings = await self.embed(image, boxes_xyxy, joints)
        return Appearance(embeddings, None if joints is None else joints_within(joints, boxes_xyxy), visibility)


def joints_within(joints: Float32Array, windows_xyxy: Float32Array) -> Float32Array:
    """Joints in pixels as parts of each person's window; outside it they count as unseen. (M, J, 3), (M, 4)."""
    sides = np.maximum(windows_xyxy[:, 2:] - windows_xyxy[:, :2], 1)
    xy = (joints[..., :2] - windows_xyxy[:, None, :2]) / sides[:, None]
    seen = ((xy >= 0) & (xy <= 1)).all(axis=-1, keepdims=True)
    inside = np.concatenate([xy, joints[..., 2:]], axis=-1) * (seen & (joints[..., 2:] > 0))
    return np.asarray(inside, np.float32)


def _crop_rule(spec: ModelSpec | None) -> CropRule:
    assert spec is not None, "a stage comes with its spec"
    assert spec.crop is not None, "every kind but the detector has a crop rule: ModelSpec checks it"
    return spec.crop


def _views(boxes_xyxy: Float32Array, rule: CropRule, image: UInt8Array) -> Float32Array:
    """What the crop of each box shows: float32 (M, 4) x, y, width, height, pixels of the picture."""
    views = [crop_view(box, rule, (image.shape[1], image.shape[0])) for box in boxes_xyxy]
    return np.array(views, np.float32).reshape(-1, 4)


def _joints_of(spec: ModelSpec | None) -> Int64Array:
    """Where a model's joints stand in the skeleton; one that names none has the first so many, in its order."""
    if spec is None:
        return np.zeros((0,), np.int64)
    try:
        named = indices(spec.joints)
    except ValueError as error:
        raise ModelError(f"{spec.name}: {error}") from error
    return np.array(named or range(_joint_count(spec)), np.int64)


def _joint_count(spec: ModelSpec) -> int:
    tensors = spec.outputs if spec.kind == "keypoints" else spec.inputs
    counts = [tensor.shape[1] for tensor in tensors if tensor.name in {"confidence", "keypoints"}]
    return counts[0] if counts else len(JOINTS)
