"""One camera's frames to sightings, without servers."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np
from support import world

from sightline.geometry import crop
from sightline.settings import StreamSettings, load_settings
from sightline.spec import CropRule
from sightline.stages.following import CameraMemory, Follower
from sightline.stages.perception import Perception, Stages
from sightline.stages.sightings import crop_key, make_sighting
from sightline.stages.stored_crop import stored_crop
from sightline.types import Detections, Frame, Poses, sighting_id, track_id


def frame(number: int, people: int) -> Frame:
    return Frame("hall", f"f{number}", world.START_US + number * 100_000, world.picture(number, people))


def perception(**more: object) -> Perception:
    return Perception(Stages(world.BrightDetector(), world.DETECTOR, world.ColourEmbedder(), world.EMBEDDER, **more))


def test_people_are_found_where_they_are_and_described() -> None:
    async def look() -> None:
        one, eyes = frame(3, 3), perception()
        found = await eyes.detect(eyes.canvas(one.image))
        assert len(found) == 3
        np.testing.assert_allclose(found.boxes_xyxy[0], [19, 20, 50, 111], atol=3)
        memory, chosen = Follower(load_settings()).follow(CameraMemory.from_arrays({}), found, one)
        assert len(chosen) == 3
        look = await eyes.describe(one.image, chosen.boxes_xyxy)
        kept = stored_crop(one.image, chosen.boxes_xyxy[1], StreamSettings())
        sighting = make_sighting(one, chosen, look, 1, crop=kept, attributes=())
        assert sighting.sighting_id == sighting_id("hall", "f3", 1)
        assert sighting.track == track_id("hall", "f3", 1)
        assert sighting.crop_key == f"hall/2023-11-14/{sighting.sighting_id}.jpg"
        assert len(memory.tracks) == 3

    asyncio.run(look())


def test_nobody_is_legal() -> None:
    async def look() -> None:
        eyes = perception()
        seen = await eyes.describe(frame(0, 0).image, np.zeros((0, 4), np.float32))
        assert seen.embeddings.vectors.shape == (0, 48)
        _, chosen = Follower(load_settings()).follow(CameraMemory.from_arrays({}), Detections.empty(), frame(0, 0))
        assert len(chosen) == 0

    asyncio.run(look())


def test_sample_all_keeps_what_a_track_took() -> None:
    follower = Follower(load_settings(stream={"sample": "all"}))
    box = np.array([[10, 10, 40, 100]], np.float32)
    certain, faint = (Detections(box, np.array([score], np.float32)) for score in (0.9, 0.2))
    memory, chosen = follower.follow(CameraMemory.from_arrays({}), faint, frame(0, 1))
    assert len(chosen) == 0, "a faint box begins no track"
    memory, chosen = follower.follow(memory, certain, frame(1, 1))
    assert chosen.tracks == (track_id("hall", "f1", 0),)
    _, chosen = follower.follow(memory, faint, frame(2, 1))
    assert chosen.tracks == (track_id("hall", "f1", 0),), "it goes on with one"


def test_joints_come_back_to_the_box_through_any_crop_rule() -> None:
    """A pose net that always points at the crop's centre: in the picture that is where the window's centre is."""

    class Centre:
        async def estimate(self, crops: np.ndarray) -> Poses:
            return Poses(np.full((len(crops), 1, 2), 0.5, np.float32), np.ones((len(crops), 1), np.float32))

    async def joints(rule: CropRule) -> np.ndarray:
        spec = world.EMBEDDER.model_copy(update={"name": "keypoints", "kind": "keypoints", "crop": rule})
        boxes = np.array([[100, 60, 140, 180]], np.float32)
        seen = await perception(pose=Centre(), pose_spec=spec).describe(frame(0, 1).image, boxes)
        assert seen.keypoints is not None
        return seen.keypoints[0, 0]

    stretched = asyncio.run(joints(CropRule(size_hw=(256, 128), expand=0.2)))
    np.testing.assert_allclose(stretched, [0.5, 0.5, 1.0], atol=0.02)
    boxed = asyncio.run(joints(CropRule(size_hw=(128, 128), fit="letterbox")))
    np.testing.assert_allclose(boxed, [0, 0, 0], atol=1e-6), "the centre of a letterboxed crop is beyond a narrow box"


def test_a_stored_crop_can_be_cut_again() -> None:
    """The box within the stored picture shows what the box in the frame showed."""
    image = np.zeros((900, 600, 3), np.uint8)
    image[100:800, 200:400] = cv2.resize(np.random.default_rng(0).integers(0, 255, (14, 4, 3), np.uint8), (200, 700))
    box = np.array([200, 100, 400, 800], np.float32)
    kept = stored_crop(image, box, StreamSettings(crop_max_height_px=512))
    again = cv2.cvtColor(cv2.imdecode(np.frombuffer(kept.jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert again.shape[0] == 512
    x, y, width, height = kept.box_xywh
    rule = CropRule(size_hw=(64, 32))
    before = crop(image, box, rule).astype(int)
    after = crop(again, np.array([x, y, x + width, y + height], np.float32), rule).astype(int)
    assert np.abs(before - after).mean() < 6


def test_crops_are_kept_by_camera_and_day() -> None:
    assert crop_key("door-2", 1_700_000_000_000_000, "x") == "door-2/2023-11-14/x.jpg"
