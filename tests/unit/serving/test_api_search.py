"""``POST /v1/search`` over HTTP."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from support.questions import World
from support.questions.pictures import Person, to_jpeg
from support.questions.world import LOOKS, room

from serving.api import create_app
from sightline.errors import ServiceUnavailable

PNG_HEAD = b"\x89PNG\r\n\x1a\n" + bytes(50)
FIELD = b'--a\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n--a--'
PICTURE = to_jpeg(room("entrance", (Person(LOOKS[0], (200, 330), 240), Person(LOOKS[5], (420, 320), 180))).draw())


async def ask(client: httpx.AsyncClient, picture: bytes = PICTURE, **fields: Any) -> httpx.Response:
    return await client.post("/v1/search", files={"image": ("q.jpg", picture, "image/jpeg")}, data=fields)


def ids(matches: list[dict[str, Any]]) -> set[str]:
    return {match["sighting_id"] for match in matches}


def assert_problem(response: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"]
    for word in words:
        assert word in problem["detail"]
    return problem


async def test_a_picture(client: httpx.AsyncClient) -> None:
    response = await ask(client, k="3", group_by="track")

    assert response.status_code == 200
    answer = response.json()
    assert answer["query"]["picture"] == [640, 360]
    assert len(answer["query"]["people"]) == 2
    assert answer["query"]["box"] == answer["query"]["people"][0]["box"]
    assert answer["query"]["embedding_space"] == "reid_colours_v1_24_111111111111"
    assert answer["complete"] is True
    first = answer["matches"][0]
    assert first["frame_id"].startswith("walk-0-")
    assert first["crop_url"] == f"/v1/sightings/{first['sighting_id']}/crop"
    assert first["time"].endswith("Z")
    assert {"score", "camera", "track", "box"} <= set(first)
    scores = [match["score"] for match in answer["matches"]]
    assert scores == sorted(scores, reverse=True)


async def test_repeated_cameras_and_a_time_range(client: httpx.AsyncClient) -> None:
    everything = (await ask(client, k="1000")).json()["matches"]
    moment = sorted(match["time"] for match in everything)[len(everything) // 2]

    response = await ask(client, k="1000", camera=["entrance", "car-park"], start=moment)

    expected = [m for m in everything if m["camera"] in ("entrance", "car-park") and m["time"] >= moment]
    assert ids(response.json()["matches"]) == ids(expected)
    assert expected


async def test_min_score(client: httpx.AsyncClient) -> None:
    matches = (await ask(client, k="1000", min_score="0.8")).json()["matches"]

    assert matches
    assert min(match["score"] for match in matches) >= 0.8


async def test_rerank_orders_by_its_distance(client: httpx.AsyncClient) -> None:
    plain = (await ask(client, k="30")).json()["matches"]
    reranked = (await ask(client, k="30", rerank="true")).json()["matches"]

    assert {match["rerank_distance"] for match in plain} == {None}
    distances = [match["rerank_distance"] for match in reranked]
    assert distances == sorted(distances)
    assert 0 <= distances[0] < distances[-1] <= 1
    assert {match["frame_id"].rsplit("-", 2)[0] for match in reranked[:6]} == {"walk-0"}, "all six of the person asked for"


async def test_rerank_keeps_to_the_filters(client: httpx.AsyncClient) -> None:
    fields = {"k": "5", "camera": "hall-east", "min_score": "0.2", "group_by": "track", "rerank": "true"}
    matches = (await ask(client, **fields)).json()["matches"]

    assert {match["camera"] for match in matches} == {"hall-east"}
    assert len({match["track"] for match in matches}) == len(matches) == 5
    assert min(match["score"] for match in matches) >= 0.2


async def test_crop_takes_all_of_the_picture(client: httpx.AsyncClient) -> None:
    answer = (await ask(client, crop="true")).json()

    assert answer["query"]["box"] == [0, 0, 640, 360]
    assert answer["query"]["people"] == []


async def test_boxes_follow_exif_rotation(client: httpx.AsyncClient) -> None:
    sideways = Image.open(io.BytesIO(PICTURE)).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it right to show it
    encoded = io.BytesIO()
    sideways.save(encoded, "JPEG", exif=exif, quality=95)

    upright, rotated = (await ask(client)).json(), (await ask(client, encoded.getvalue())).json()

    assert rotated["query"]["picture"] == [640, 360]
    assert rotated["query"]["box"] == pytest.approx(upright["query"]["box"], abs=5)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
async def test_other_formats(client: httpx.AsyncClient, file_format: str) -> None:
    encoded = io.BytesIO()
    Image.open(io.BytesIO(PICTURE)).save(encoded, file_format)

    assert (await ask(client, encoded.getvalue())).status_code == 200


async def test_a_sighting(client: httpx.AsyncClient) -> None:
    asked = (await client.get("/v1/sightings", params={"limit": 1})).json()["sightings"][0]
    response = await client.post("/v1/search", json={"sighting_id": asked["sighting_id"], "k": 5, "camera": "hall-west"})

    answer = response.json()
    assert answer["query"]["box"] is None
    assert [match["camera"] for match in answer["matches"]] == ["hall-west"] * 5
    assert asked["sighting_id"] not in [match["sighting_id"] for match in answer["matches"]]


@pytest.mark.parametrize("as_text", [False, True])
async def test_an_embedding(client: httpx.AsyncClient, as_text: bool) -> None:
    newest = (await client.get("/v1/sightings", params={"limit": 1})).json()["sightings"][0]
    asked = (await client.get(f"/v1/sightings/{newest['sighting_id']}")).json()
    numbers = np.frombuffer(base64.b64decode(asked["embedding"]), "<f4").tolist()
    body = {"embedding": asked["embedding"] if as_text else numbers, "embedding_space": asked["embedding_space"], "k": 1}

    answer = (await client.post("/v1/search", json=body)).json()

    assert answer["matches"][0]["score"] == pytest.approx(1.0, abs=1e-4)


async def test_another_space_is_a_conflict(client: httpx.AsyncClient) -> None:
    body = {"embedding": [1.0] * 24, "embedding_space": "reid_other_v1_24_000000000000"}

    assert_problem(await client.post("/v1/search", json=body), 409, "reid_other", "reid_colours")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"embedding": [1.0] * 24}, "embedding_space"),
        ({"embedding": [1.0] * 3, "embedding_space": "reid_colours_v1_24_111111111111"}, "24"),
        ({"embedding": [0.0] * 24, "embedding_space": "reid_colours_v1_24_111111111111"}, "zero"),
        ({"embedding": [1e300] * 24, "embedding_space": "reid_colours_v1_24_111111111111"}, "finite"),
        ({"embedding": "&&", "embedding_space": "reid_colours_v1_24_111111111111"}, "base64"),
        ({"embedding": ["a"], "embedding_space": "x"}, "embedding"),
        ({"sighting_id": "no-uuid"}, "sighting_id"),
        ({"sighting_id": None}, "sighting_id"),
        ({}, "sighting_id"),
        ([], "object"),
        ({"sighting_id": "00000000-0000-0000-0000-000000000000", "k": 0}, "k"),
        ({"sighting_id": "00000000-0000-0000-0000-000000000000", "cameras": ["hall"]}, "cameras"),
    ],
)
async def test_wrong_json(client: httpx.AsyncClient, body: Any, word: str) -> None:
    assert_problem(await client.post("/v1/search", json=body), 422, word)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"embedding": [NaN]}', b'{"sighting_id": "\xed\xa0\x80"}']
)
async def test_what_is_not_json(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/v1/search", content=body, headers={"content-type": "application/json"})

    assert_problem(response, 400, "JSON")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"k": "0"}, "k"),
        ({"k": "1001"}, "k"),
        ({"k": ["1", "2"]}, "k"),
        ({"min_score": "nan"}, "min_score"),
        ({"min_score": "2"}, "min_score"),
        ({"start": "2026-11-21T08:00:00"}, "start"),
        ({"start": "yesterday"}, "start"),
        ({"end": "10000-01-01T00:00:00Z"}, "end"),
        ({"start": "2026-11-21T08:00:00Z", "end": "2026-11-21T08:00:00Z"}, "before"),
        ({"camera": "../etc"}, "camera"),
        ({"camera": [f"c{number}" for number in range(257)]}, "camera"),
        ({"box": "1,2,3"}, "box"),
        ({"box": "1,2,0,4"}, "box"),
        ({"box": "700,2,10,10"}, "640x360"),
        ({"box": "1,2,30,40", "crop": "true"}, "crop"),
        ({"group_by": "person"}, "group_by"),
        ({"rerank": "perhaps"}, "rerank"),
        ({"attribute": "beard:yes"}, "beard"),
        ({"attribute": "upper_colour:pink"}, "upper_colour: red, green, blue"),
        ({"attribute": "hat"}, "attribute"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_wrong_fields(client: httpx.AsyncClient, fields: dict[str, Any], word: str) -> None:
    assert_problem(await ask(client, **fields), 422, word)


async def test_each_wrong_field_is_told_of(client: httpx.AsyncClient) -> None:
    problem = assert_problem(await ask(client, k="many", group_by="person"), 422)

    assert {part["where"] for part in problem["errors"]} == {"k", "group_by"}


async def test_nobody_in_the_picture(client: httpx.AsyncClient) -> None:
    problem = assert_problem(await ask(client, to_jpeg(room("entrance", ()).draw())), 422, "crop=true")

    assert problem["type"] == "urn:sightline:problem:nobody-found"


@pytest.mark.parametrize(
    ("picture", "status"),
    [
        (b"", 422),
        (b"hello", 415),
        (PICTURE[:2000], 422),
        (b"GIF89a" + bytes(100), 415),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), 422),
    ],
)
async def test_hostile_pictures(client: httpx.AsyncClient, picture: bytes, status: int) -> None:
    assert_problem(await ask(client, picture), status, "image")


async def test_a_form_without_a_picture(client: httpx.AsyncClient) -> None:
    assert_problem(await client.post("/v1/search", files={"picture": b"x"}), 422, "image")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/mixed"])
async def test_other_content_types(client: httpx.AsyncClient, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}

    assert_problem(await client.post("/v1/search", content=b"a=b", headers=headers), 415, "multipart/form-data")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=a", b"x"),
        (
            "multipart/form-data; boundary=a; charset=undefined",
            b'--a\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n--a--',
        ),
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: form-data\r\n\r\n1\r\n--a--"),
    ],
)
async def test_what_is_no_form(client: httpx.AsyncClient, content_type: str, body: bytes) -> None:
    assert_problem(await client.post("/v1/search", content=body, headers={"content-type": content_type}), 400)


@pytest.mark.parametrize("announced", [True, False])
async def test_too_large_an_upload_is_refused_while_it_arrives(client: httpx.AsyncClient, announced: bool) -> None:
    sent = 0

    async def body() -> Any:
        nonlocal sent
        yield b'--a\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
        for _ in range(4 * 1024):
            sent += 65536
            yield b"x" * 65536

    headers = {"content-type": "multipart/form-data; boundary=a"}
    if announced:
        headers["content-length"] = str(256 * 1024 * 1024)
    response = await client.post("/v1/search", content=body(), headers=headers)

    assert_problem(response, 413, "4194304")
    assert sent < 80 * 1024 * 1024  # read on a while so that the client comes to read the answer, then given up


async def test_too_large_a_json_body(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/search", content=b" " * 2_000_000, headers={"content-type": "application/json"})

    assert_problem(response, 413)


async def test_a_server_that_is_down_is_a_503(world: World) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise ServiceUnavailable("milvus", "connection refused at 10.0.0.1")

    world.gallery.search = away  # type: ignore[method-assign]
    transport = httpx.ASGITransport(create_app(world.services()))
    async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as client:
        response = await ask(client)

    problem = assert_problem(response, 503, "milvus", "sightline status")
    assert int(response.headers["retry-after"]) > 0
    assert "10.0.0.1" not in problem["detail"]


async def test_more_searches_than_places_are_told_to_come_back(world: World) -> None:
    world.max_searches = 0
    transport = httpx.ASGITransport(create_app(world.services()))
    async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as client:
        response = await ask(client)

    assert_problem(response, 503, "in flight")
    assert "retry-after" in response.headers


async def test_a_colour_is_asked_for(client: httpx.AsyncClient) -> None:
    response = await ask(client, k="10", attribute=["upper_colour:red", "hat:no"])

    assert response.status_code == 200
    matches = response.json()["matches"]
    assert len(matches) == 10
    for match in matches:
        colours = {name: value for name, value in match["attributes"].items() if name.startswith("upper_colour")}
        assert max(colours, key=lambda name: colours[name]) == "upper_colour:red"
    assert (await ask(client, attribute="hat:yes")).json()["matches"] == []


async def test_a_match_carries_evidence(client: httpx.AsyncClient, world: World) -> None:
    answer = (await ask(client, k="1")).json()
    evidence = answer["matches"][0]["evidence"]

    assert answer["query"]["without"] == []
    assert {"part": "torso_front", "visible_query": 1.0, "visible_match": 1.0} in evidence["parts"]
    assert all(0.25 <= part[seen] <= 1 for part in evidence["parts"] for seen in ("visible_query", "visible_match"))
    [colour] = [one for one in evidence["attributes"] if one["name"] == "upper_colour"]
    assert colour["agree"]
    assert colour["query"] > 0.5

    newest = world.gallery.newest(limit=1)[0]
    alike = (await client.post("/v1/search", json={"sighting_id": newest.sighting_id, "k": 1})).json()
    assert alike["matches"][0]["evidence"]["parts"]
    vector = {"embedding": newest.embedding.tolist(), "embedding_space": newest.space, "k": 1}
    assert (await client.post("/v1/search", json=vector)).json()["matches"][0]["evidence"] is None


async def test_a_sighting_tells_where_its_body_was_seen(client: httpx.AsyncClient, world: World) -> None:
    detail = (await client.get(f"/v1/sightings/{world.gallery.newest(limit=1)[0].sighting_id}")).json()

    assert detail["keypoints"]["nose"] == pytest.approx([0.5, 0.14, 1.0], abs=0.01)
    assert detail["visibility"]["torso_front"] > 0.05
    assert detail["visibility"]["torso_back"] < 0.02
