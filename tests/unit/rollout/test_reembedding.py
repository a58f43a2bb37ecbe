"""Stored crops as another model sees them: in ONNX Runtime, beside what the stream's own way gives."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.served_models import BOX_XYXY, JOINTS, add_detector, add_embedder

from sightline.decoding import ImageLimits
from sightline.errors import ModelError, ServiceUnavailable
from sightline.models.local_inference import LocalInference
from sightline.models.repository import ModelRepository
from sightline.rollout.reembedding import Reembedder
from sightline.settings import load_settings
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder
from sightline.stages.perception import Perception, Stages, joints_within
from sightline.stages.stored_crop import stored_crop
from sightline.testing import InMemoryBlobs
from sightline.types import Float32Array, Poses, Sighting, UInt8Array

SETTINGS = load_settings()
BOX = np.array(BOX_XYXY, np.float32)
KEY = "hall/2026-11-26/a.jpg"


class Pose:
    """Sees every joint in the middle of the crop."""

    def __init__(self) -> None:
        self.calls = 0

    async def estimate(self, crops: UInt8Array) -> Poses:
        self.calls += 1
        shape = (len(crops), JOINTS)
        return Poses(np.full((*shape, 2), 0.5, np.float32), np.full(shape, 0.9, np.float32))


class World:
    """A picture with one person in it, its stored crop, and two embedders."""

    def __init__(self, folder: Path) -> None:
        random = np.random.default_rng(5)
        coarse = random.integers(0, 256, (15, 20, 3), np.uint8)
        self.image: UInt8Array = np.kron(coarse, np.ones((16, 16, 1), np.uint8))
        self.blobs = InMemoryBlobs()
        self.repository = ModelRepository([folder])
        self.detector = add_detector(self.repository)
        crop = stored_crop(self.image, BOX, SETTINGS.stream)
        self.blobs.put(KEY, crop.jpeg)
        self.sighting = Sighting(
            sighting_id="a",
            camera="hall",
            frame_id="f",
            captured_at_us=1,
            track="hall/t",
            box_xywh=(100, 60, 60, 140),
            score=0.9,
            quality=0.8,
            embedding=np.eye(4, dtype=np.float32)[0],
            space="reid_old_v1_4_0123456789ab",
            crop_key=KEY,
            crop_box_xywh=crop.box_xywh,
            attributes={"old": 0.5},
        )

    def perception(self, *, uses_pose: bool, pose: Pose | None = None) -> Perception:
        model = add_embedder(self.repository, "reid_new", dimension=24, pose=uses_pose)
        inference = LocalInference.load([self.detector, model])
        pose_spec = model.spec.model_copy(update={"name": "keypoints", "kind": "keypoints"}) if pose else None
        detector = Detector(inference, self.detector.spec, min_score=0.1)
        embedder = Embedder(inference, model.spec)
        return Perception(Stages(detector, self.detector.spec, embedder, model.spec, pose, pose_spec))

    def reembed(self, perception: Perception, *sightings: Sighting, uses_pose: bool) -> list[Sighting | None]:
        limits = ImageLimits.from_settings(SETTINGS.stream)
        return asyncio.run(Reembedder(perception, self.blobs, limits, uses_pose=uses_pose).reembed(sightings))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_stored_crop_gives_what_the_frame_gave(world: World) -> None:
    perception = world.perception(uses_pose=False)
    [again] = world.reembed(perception, world.sighting, uses_pose=False)
    live = asyncio.run(perception.embed(world.image, BOX[None]))
    assert again is not None
    assert float(again.embedding @ live.vectors[0]) > 0.99
    assert again.space == live.space
    assert again.attributes == {"bright": pytest.approx(float(live.attributes[0, 0]), abs=0.01)}
    kept = replace(again, embedding=world.sighting.embedding, space=world.sighting.space, attributes=world.sighting.attributes)
    assert (kept.sighting_id, kept.track, kept.box_xywh, kept.crop_key) == ("a", "hall/t", (100, 60, 60, 140), KEY)


def test_joints_are_those_that_the_sighting_carries(world: World) -> None:
    pose = Pose()
    perception = world.perception(uses_pose=True, pose=pose)
    joints: Float32Array = np.random.default_rng(1).uniform(0.1, 0.9, (JOINTS, 3)).astype(np.float32)
    in_picture = joints.copy()
    in_picture[:, :2] = joints[:, :2] * (60, 140) + (100, 60)
    live = asyncio.run(perception.embed(world.image, BOX[None], in_picture[None]))
    [again] = world.reembed(perception, replace(world.sighting, keypoints=joints), uses_pose=True)
    assert again is not None
    assert float(again.embedding @ live.vectors[0]) > 0.99
    np.testing.assert_array_equal(again.keypoints, joints)
    assert pose.calls == 0


def test_joints_that_it_does_not_carry_are_estimated_and_kept(world: World) -> None:
    pose = Pose()
    perception = world.perception(uses_pose=True, pose=pose)
    [again] = world.reembed(perception, world.sighting, uses_pose=True)
    assert pose.calls == 1
    assert again is not None
    assert again.keypoints is not None
    middle = joints_within(asyncio.run(perception.joints(world.image, BOX[None])), BOX[None])[0]
    np.testing.assert_allclose(again.keypoints, middle, atol=0.05)


def test_without_joints_and_without_a_pose_stage_it_is_said(world: World) -> None:
    with pytest.raises(ModelError, match=r"takes key points.*pipeline\.pose"):
        world.reembed(world.perception(uses_pose=True), world.sighting, uses_pose=True)


def test_a_crop_that_is_gone_or_no_picture_is_told_apart_from_a_store_that_is_away(world: World) -> None:
    world.blobs.put("hall/bad.jpg", b"no picture")
    perception = world.perception(uses_pose=False)
    gone = [replace(world.sighting, crop_key=key) for key in (None, "hall/none.jpg", "../etc", "hall/bad.jpg")]
    assert world.reembed(perception, *gone, uses_pose=False) == [None] * 4

    def away(_: str) -> bytes:
        raise ServiceUnavailable("blobs", "away")

    world.blobs.get = away  # type: ignore[method-assign]
    with pytest.raises(ServiceUnavailable):
        world.reembed(perception, world.sighting, uses_pose=False)
