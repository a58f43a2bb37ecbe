"""The model stages put together: from a picture to people, and from people to what they look like.

The stream and the questions both go this way, so that a query is embedded exactly as the gallery was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.geometry import Letterbox, crop_window, crops, letterbox
from sightline.ports import Detector, Embedder, PoseEstimator
from sightline.spec import CropRule, ModelSpec
from sightline.types import Detections, Embeddings, Float32Array, Poses, UInt8Array


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages in use, with the specs that say what they need. ``pose`` None = off."""

    detector: Detector
    detector_spec: ModelSpec
    embedder: Embedder
    embedder_spec: ModelSpec
    pose: PoseEstimator | None = None
    pose_spec: ModelSpec | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A picture as the detector wants it: ``pixels`` uint8 (h, w, 3), and how it was fitted."""

    pixels: UInt8Array
    fit: Letterbox


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """What M people look like.

    Attributes:
        embeddings: of the M crops.
        keypoints: float32 (M, K, 3), x and y in [0, 1] of the box, confidence; None without a pose stage.
    """

    embeddings: Embeddings
    keypoints: Float32Array | None


class Perception:
    """Runs the stages. Calls may run concurrently."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    @property
    def embedding_space(self) -> str:
        """Name of the space that :meth:`describe` embeds into."""
        return self._stages.embedder_spec.embedding_space.name

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes that the embedder gives; empty for none."""
        return self._stages.embedder_spec.attributes

    def canvas(self, image: UInt8Array) -> Canvas:
        """Fit a picture (H, W, 3) to the detector's input; blocking, some 0.5 ms: call it off the event loop."""
        return Canvas(*letterbox(image, self._stages.detector_spec.canvas_hw))

    async def detect(self, canvas: Canvas) -> Detections:
        """The people in a picture, best first, boxes in pixels of the picture."""
        [found] = await self._stages.detector.detect(canvas.pixels[None])
        return Detections(canvas.fit.undo(found.boxes_xyxy), found.scores)

    async def describe(self, image: UInt8Array, boxes_xyxy: Float32Array) -> Appearance:
        """Embed the people in these boxes of a picture. (H, W, 3), (M, 4); M may be 0."""
        rule = _crop_rule(self._stages.embedder_spec)
        people = crops(image, boxes_xyxy, rule)
        if self._stages.pose is None or self._stages.pose_spec is None:
            return Appearance(await self._stages.embedder.embed(people), None)
        pose_rule = _crop_rule(self._stages.pose_spec)
        poses = await self._stages.pose.estimate(crops(image, boxes_xyxy, pose_rule))
        joints = _joints_in_picture(poses, boxes_xyxy, pose_rule, (image.shape[1], image.shape[0]))
        windows = [crop_window(box, rule, (image.shape[1], image.shape[0])) for box in boxes_xyxy]
        in_crop = _joints_within(joints, np.array(windows, np.float32).reshape(-1, 4))
        embeddings = await self._stages.embedder.embed(people, in_crop)
        return Appearance(embeddings, _joints_within(joints, boxes_xyxy))


def _crop_rule(spec: ModelSpec) -> CropRule:
    assert spec.crop is not None, "every kind but the detector has a crop rule: ModelSpec checks it"
    return spec.crop


def _joints_in_picture(poses: Poses, boxes_xyxy: Float32Array, rule: CropRule, picture_wh: tuple[int, int]) -> Float32Array:
    """Joints of pose crops as pixels of the picture: float32 (M, K, 3) x, y, confidence."""
    joints = np.concatenate([poses.xy, poses.confidence[..., None]], axis=-1)
    for person, box in enumerate(boxes_xyxy):
        left, top, right, bottom = crop_window(box, rule, picture_wh)
        extent = np.array([right - left, bottom - top], np.float32)
        if rule.fit == "letterbox":  # the crop shows more than the window: its longer side fills the crop
            height, width = rule.size_hw
            scale = min(width / extent[0], height / extent[1])
            extent = np.array([width, height], np.float32) / np.float32(scale)
        joints[person, :, :2] = joints[person, :, :2] * extent + np.array([left, top], np.float32)
    return joints


def _joints_within(joints: Float32Array, windows_xyxy: Float32Array) -> Float32Array:
    """Joints in pixels as parts of each person's window; outside it they count as unseen. (M, K, 3), (M, 4)."""
    sides = np.maximum(windows_xyxy[:, 2:] - windows_xyxy[:, :2], 1)
    xy = (joints[..., :2] - windows_xyxy[:, None, :2]) / sides[:, None]
    seen = ((xy >= 0) & (xy <= 1)).all(axis=-1, keepdims=True)
    inside = np.concatenate([xy, joints[..., 2:]], axis=-1) * seen
    return np.asarray(inside, np.float32)
