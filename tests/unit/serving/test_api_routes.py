"""Every other route over HTTP."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.questions import World
from support.questions.world import CAMERAS, FRAMES_PER_TRACK, LOOKS

import sightline
from serving.api import create_app
from sightline.errors import ServiceUnavailable

UNKNOWN = "00000000-0000-0000-0000-000000000000"
ALL = len(LOOKS) * 2 * FRAMES_PER_TRACK
UI = Path(sightline.__file__).parent.parent / "serving" / "ui"


async def newest(client: httpx.AsyncClient, **fields: Any) -> list[dict[str, Any]]:
    response = await client.get("/v1/sightings", params=fields)
    assert response.status_code == 200, response.text
    sightings: list[dict[str, Any]] = response.json()["sightings"]
    return sightings


def assert_problem(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["detail"])


async def test_pages_give_all_sightings_newest_first(client: httpx.AsyncClient) -> None:
    times, cursor = [], None
    while True:
        page = (await client.get("/v1/sightings", params={"limit": 25} | ({"cursor": cursor} if cursor else {}))).json()
        times += [(item["time"], item["sighting_id"]) for item in page["sightings"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert len(set(times)) == ALL
    assert [time for time, _ in times] == sorted((time for time, _ in times), reverse=True)


async def test_the_list_by_camera_and_time(client: httpx.AsyncClient) -> None:
    everything = await newest(client, limit=200)
    until = everything[40]["time"]

    found = await newest(client, limit=200, camera=["entrance", "hall-east"], end=until)

    assert found == [item for item in everything if item["camera"] in ("entrance", "hall-east") and item["time"] < until]


@pytest.mark.parametrize(
    "fields", [{"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"camera": "a b"}, {"start": "1"}, {"k": 3}, {"cursor": ""}]
)
async def test_wrong_list_parameters(client: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    detail = assert_problem(await client.get("/v1/sightings", params=fields), 422)

    assert next(iter(fields)) in detail


async def test_one_sighting(client: httpx.AsyncClient) -> None:
    listed = (await newest(client, limit=1))[0]
    detail = (await client.get(f"/v1/sightings/{listed['sighting_id']}")).json()

    assert {name: detail[name] for name in listed} == listed
    assert detail["embedding_space"] == "reid_colours_v1_24_111111111111"
    assert detail["embedding"]


async def test_a_crop_is_a_jpeg_that_browsers_keep_a_while(client: httpx.AsyncClient) -> None:
    url = (await newest(client, limit=1))[0]["crop_url"]
    response = await client.get(url)

    assert response.headers["content-type"] == "image/jpeg"
    assert response.content[:2] == b"\xff\xd8"
    assert response.headers["cache-control"].startswith("private, max-age=")
    again = await client.get(url, headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_crop_that_is_gone(client: httpx.AsyncClient, world: World) -> None:
    sighting = world.gallery.newest(limit=1)[0]
    world.blobs.delete(sighting.crop_key or "")

    assert_problem(await client.get(f"/v1/sightings/{sighting.sighting_id}/crop"), 404)


@pytest.mark.parametrize(
    "path", [f"/v1/sightings/{UNKNOWN}", f"/v1/sightings/{UNKNOWN}/crop", "/v1", "/ui/../api.py", "/v1/search/"]
)
async def test_what_does_not_exist(client: httpx.AsyncClient, path: str) -> None:
    assert_problem(await client.get(path), 404)


@pytest.mark.parametrize("path", ["/v1/sightings/1", "/v1/sightings/%00/crop", "/v1/sightings/..%2f..%2fetc"])
async def test_ids_that_are_none(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.status_code in (404, 422)
    assert_problem(response, response.status_code)


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", "/v1/search", "POST"), ("DELETE", "/v1/cameras", "GET")])
async def test_wrong_methods(client: httpx.AsyncClient, method: str, path: str, allowed: str) -> None:
    response = await client.request(method, path)

    assert_problem(response, 405)
    assert response.headers["allow"] == allowed


async def test_cameras(client: httpx.AsyncClient) -> None:
    cameras = {item["camera"]: item for item in (await client.get("/v1/cameras")).json()["cameras"]}

    assert sorted(cameras) == sorted(CAMERAS)
    assert cameras["hall-east"]["fps"] == pytest.approx(10, abs=0.5)
    assert cameras["hall-west"]["shed"] == {"stale": 40}
    assert cameras["entrance"]["lag_s"] == pytest.approx(0.2, abs=0.01)
    assert cameras["entrance"]["last_frame"].endswith("Z")


async def test_cameras_are_not_told_of_before_they_are_known(world: World) -> None:
    app = create_app(replace(world.services(), cameras_known=lambda: False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sightline") as client:
        assert "Kafka" in assert_problem(await client.get("/v1/cameras"), 503)


async def test_health_and_readiness(client: httpx.AsyncClient, world: World) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok", "version": sightline.__version__}

    async def fine() -> None: ...

    async def away() -> None:
        raise ServiceUnavailable("triton", "not ready: reid_colours")

    world.checks["gallery"] = fine
    assert (await client.get("/readyz")).json() == {"status": "ready", "checks": {"gallery": "ok"}}

    world.checks["models"] = away
    response = await client.get("/readyz")
    assert "reid_colours" in assert_problem(response, 503)
    assert "retry-after" in response.headers


async def test_prometheus_is_told_where_every_process_serves_its_metrics(world: World) -> None:
    targets = [{"targets": ["10.0.0.2:41231"], "labels": {"job": "sightline-stream", "instance": "camera-stream-0"}}]
    services = replace(world.services(), metrics_targets=lambda: targets)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(services)), base_url="http://sightline") as client:
        assert (await client.get("/v1/metrics/targets")).json() == targets


async def test_a_head_that_is_away_is_said_rather_than_an_empty_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.routes.health._CHECK_TIMEOUT_S", 0.1)
    over = threading.Event()

    def hangs() -> list[dict[str, Any]]:
        over.wait(5)
        return []

    services = replace(world.services(), metrics_targets=hangs)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(services)), base_url="http://sightline") as client:
        answer = await client.get("/v1/metrics/targets")
    over.set()
    assert answer.status_code == 503
    assert "head" in answer.json()["detail"]


async def test_metrics_count_by_route(client: httpx.AsyncClient) -> None:
    await client.get(f"/v1/sightings/{UNKNOWN}")
    await client.get("/nowhere/1")
    await client.get("/nowhere/2")
    text = (await client.get("/metrics")).text

    counted = 'sightline_http_requests_total{method="GET",route="/v1/sightings/{sighting_id}",status="404"} 1.0'
    assert counted in text
    assert 'sightline_http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert "nowhere" not in text


async def test_the_page_asks_nothing_of_any_other_host(client: httpx.AsyncClient) -> None:
    response = await client.get("/")

    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for file in sorted(UI.iterdir()):
        served = await client.get("/" if file.name == "index.html" else f"/ui/{file.name}")
        assert served.content == file.read_bytes()
        outside = served.text.replace("http://www.w3.org/2000/svg", "")
        assert "//" not in outside.replace("// ", "")
        assert "http" not in outside.replace("https", "http") or file.name == "api.js"


async def test_the_page_writes_no_markup_from_data() -> None:
    for file in UI.glob("*.js"):
        text = file.read_text()
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in text, (file.name, way)


async def test_services_are_opened_and_closed(world: World) -> None:
    happened: list[str] = []

    async def note(what: str) -> None:
        happened.append(what)

    services = replace(world.services(), open=partial(note, "open"), close=partial(note, "close"))
    app = create_app(services)
    async with app.router.lifespan_context(app):
        assert happened == ["open"]
    assert happened == ["open", "close"]
