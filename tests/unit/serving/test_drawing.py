"""What is drawn over a crop, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import cv2
import httpx
import numpy as np
import pytest
from support.questions import World

from serving.api import create_app
from serving.drawing import LEAST_HEIGHT_PX, PART_COLOURS, CropDrawing
from serving.pool import BlockingPool
from sightline.body_model.parts import PARTS
from sightline.errors import ServiceUnavailable
from sightline.stages.perception import Perception
from sightline.types import Sighting, UInt8Array


def picture(jpeg: bytes) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB).astype(int)


@pytest.fixture
def newest(world: World) -> Sighting:
    return world.gallery.newest(limit=1)[0]


async def drawn(world: World, sighting: Sighting, *layers: str) -> np.ndarray:
    pool = BlockingPool(threads=1)
    data = await CropDrawing(world.perception, pool).draw(world.blobs.get(sighting.crop_key or ""), sighting, layers)
    pool.close()
    return picture(data)


async def test_each_layer_changes_the_picture_where_it_belongs(world: World, newest: Sighting) -> None:
    plain = await drawn(world, newest)
    assert plain.shape[0] == LEAST_HEIGHT_PX
    scale = plain.shape[0] / picture(world.blobs.get(newest.crop_key or "")).shape[0]
    assert newest.crop_box_xywh is not None
    x, y, width, height = (round(value * scale) for value in newest.crop_box_xywh)

    boxed = np.abs(await drawn(world, newest, "box") - plain).sum(axis=2)
    assert boxed[y + height // 2, x] > 100
    assert boxed[y + height // 2, x + width // 2] < 30

    bones = np.abs(await drawn(world, newest, "skeleton") - plain).sum(axis=2)
    knee_y, knee_x = y + round(0.75 * height), x + round(0.33 * width)
    assert bones[knee_y - 3 : knee_y + 4, knee_x - 3 : knee_x + 4].max() > 150
    assert bones[:, : x + round(0.1 * width)].max() < 60

    parts = await drawn(world, newest, "parts")
    chest = parts[y + round(0.35 * height), x + width // 2]
    colour = PART_COLOURS[PARTS.index("torso_front")]
    under = plain[y + round(0.35 * height), x + width // 2]
    np.testing.assert_allclose(chest, 0.6 * colour + 0.4 * under, atol=12)


async def test_what_is_not_known_is_left_out(world: World, newest: Sighting) -> None:
    plain = await drawn(world, newest)
    other_joints = np.ones((14, 3), np.float32)
    for bare in (replace(newest, keypoints=None), replace(newest, keypoints=other_joints)):
        np.testing.assert_array_equal(await drawn(world, bare, "skeleton"), plain)
    unplaced = replace(newest, crop_box_xywh=None)
    np.testing.assert_array_equal(await drawn(world, unplaced, "box", "parts", "skeleton"), plain)
    stages = replace(world.perception._stages, dense=None, dense_spec=None)
    world.perception = Perception(stages)
    np.testing.assert_array_equal(await drawn(world, newest, "parts"), plain)


async def test_over_http(client: httpx.AsyncClient, newest: Sighting) -> None:
    url = f"/v1/sightings/{newest.sighting_id}/crop"
    answers = [await client.get(url, params=query) for query in ({}, {"draw": "box"}, {"draw": "box,skeleton,parts"})]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all(answer.headers["content-type"] == "image/jpeg" for answer in answers)
    assert len({answer.headers["etag"] for answer in answers}) == 3
    assert (await client.get(f"/v1/sightings/{newest.sighting_id}")).json()["drawable"] == ["box", "skeleton", "parts"]


@pytest.mark.parametrize("draw", ["", "hat", "box,", "box,hat", "BOX", "box,box,box,box"])
async def test_other_layers_are_refused(client: httpx.AsyncClient, newest: Sighting, draw: str) -> None:
    answer = await client.get(f"/v1/sightings/{newest.sighting_id}/crop", params={"draw": draw})
    assert answer.status_code == 422
    assert "draw" in answer.text


async def test_a_dense_model_that_is_away_costs_its_layer_alone(world: World, newest: Sighting) -> None:
    class Away:
        async def estimate(self, crops: UInt8Array) -> NoReturn:
            raise ServiceUnavailable("triton", "away")

    away = replace(world, dense=Away())
    transport = httpx.ASGITransport(create_app(away.services()))
    async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as client:
        url = f"/v1/sightings/{newest.sighting_id}/crop"
        boxed, more = [await client.get(url, params={"draw": layers}) for layers in ("box", "box,parts")]
    assert more.status_code == 200
    np.testing.assert_array_equal(picture(more.content), picture(boxed.content))
