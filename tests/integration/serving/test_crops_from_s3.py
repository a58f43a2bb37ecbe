"""Crops that the questions answer with come from an S3 store as from a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support.questions import World
from support.s3_server import S3Server

from serving.api import create_app
from sightline.adapters.blobs import open_blobs
from sightline.settings import load_settings
from sightline.types import Sighting

pytestmark = pytest.mark.stack

NOW_S = 1_795_000_000.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    started = S3Server.start(tmp_path / "s3")
    started.make_bucket("crops")
    yield started
    started.stop()


@pytest.fixture
def world(server: S3Server) -> World:
    """A deployment that was filled into the store."""
    made = World(lambda: NOW_S)
    made.blobs = open_blobs(load_settings(blobs=server.section("crops", "site-1")))
    asyncio.run(made.fill())
    return made


def crop_of(sighting: Sighting) -> str:
    return f"/v1/sightings/{sighting.sighting_id}/crop"


def test_crops_over_http(world: World, server: S3Server) -> None:
    one, two = world.gallery.newest(limit=2)
    assert one.crop_key
    assert two.crop_key
    with TestClient(create_app(world.services())) as client:
        response = client.get(crop_of(one))
        stored = server.folder / "objects" / "crops" / "site-1" / one.crop_key
        assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
        assert response.content == stored.read_bytes()

        world.blobs.delete(one.crop_key)
        assert client.get(crop_of(one)).status_code == 404
        assert client.get(crop_of(two)).status_code == 200

        server.kill()
        response = client.get(crop_of(two))
        assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
        assert int(response.headers["retry-after"]) > 0
        back = server.revive()
        try:
            assert client.get(crop_of(two)).status_code == 200
        finally:
            back.stop()


def test_a_refused_key_is_a_deployment_to_set_right(world: World, server: S3Server) -> None:
    world.blobs = open_blobs(load_settings(blobs=server.section("crops", "site-1", secret="wrong")))
    [one] = world.gallery.newest(limit=1)
    with TestClient(create_app(world.services())) as client:
        response = client.get(crop_of(one))
    assert response.status_code == 503
    assert "blobs.secret" in response.json()["detail"]
