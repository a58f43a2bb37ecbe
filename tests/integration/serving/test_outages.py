"""The API while a server is away: it says so, goes on with the rest, and recovers by itself."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from support.yardsticks import with_yardsticks

from serving.api import create_app
from serving.compose import compose
from sightline.settings import Settings
from sightline.telemetry import Registry

pytestmark = [pytest.mark.stack, pytest.mark.shared]

PATIENCE_S = 90.0
NOISE = np.random.default_rng(3).integers(0, 255, (256, 128, 3), np.uint8)


def a_picture() -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(NOISE).save(encoded, "JPEG")
    return encoded.getvalue()


@pytest.mark.parametrize("name", ["milvus-standalone", "triton"])
def test_a_server_that_is_killed_and_comes_back(name: str, private_stack: Callable[..., object], shared_dir: Path) -> None:
    own = private_stack("kafka", "triton", "milvus-standalone")
    settings: Settings = with_yardsticks(own.settings, shared_dir)
    with TestClient(create_app(compose(settings, Registry(), generation="here"))) as client:
        assert client.get("/v1/cameras").json() == {"cameras": []}  # at once, also for who asks first
        assert search(client).status_code == 200

        own.kill(name)
        response = search(client)
        assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
        assert int(response.headers["retry-after"]) > 0
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200

        own.revive()
        deadline = time.monotonic() + PATIENCE_S
        while (response := search(client)).status_code != 200:
            assert time.monotonic() < deadline, response.text
            time.sleep(0.5)


def search(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/search", files={"image": a_picture()}, data={"crop": "true"})
