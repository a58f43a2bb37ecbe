"""The questions on a real Ray Serve, over real Triton, Milvus and Kafka, with the two yardstick nets."""

from __future__ import annotations

import asyncio
import io
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import schemathesis
from kafka import KafkaProducer
from PIL import Image
from schemathesis.generation import GenerationMode
from support.openapi_fuzz import OPERATIONS, fuzz
from support.yardsticks import with_yardsticks

from infra.local.parts import with_api_port
from serving import app
from sightline.adapters.blobs import open_blobs
from sightline.adapters.kafka.client import connection_options
from sightline.adapters.milvus.gallery import MilvusGallery
from sightline.adapters.triton import TritonInference
from sightline.models.selection import select_models
from sightline.ranking import rerank
from sightline.settings import Settings
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder
from sightline.stages.perception import Perception, Stages
from sightline.types import CameraState, Sighting, UInt8Array, sighting_id
from sightline.wire import camera_state_to_message

pytestmark = [pytest.mark.stack, pytest.mark.shared, pytest.mark.timeout(900)]

PEOPLE, PATIENCE_S = 12, 60.0


@dataclass(frozen=True)
class Running:
    """A deployment and what its gallery holds: crops of the same people from two cameras; one of each is kept out."""

    url: str
    settings: Settings
    sightings: list[Sighting]
    queries: dict[str, UInt8Array]


@pytest.fixture(scope="module")
def crops(shared_dir: Path) -> dict[str, list[tuple[str, UInt8Array]]]:
    """Identity -> (camera, crop) of two pictures from different cameras."""
    found: dict[str, list[tuple[str, UInt8Array]]] = {}
    with tarfile.open(shared_dir / "data" / "market1501" / "images.tar") as archive:
        for member in archive:
            path = Path(member.name)
            if path.parent.name != "bounding_box_test" or path.suffix != ".jpg":
                continue
            pid, camera = path.name[:4], f"market-{path.name[6]}"
            kept = found.setdefault(pid, [])
            if len(kept) < 2 and camera not in [other for other, _ in kept]:
                content = archive.extractfile(member)
                assert content is not None
                kept.append((camera, np.asarray(Image.open(io.BytesIO(content.read())).convert("RGB"))))
    pairs = {pid: kept for pid, kept in sorted(found.items()) if len(kept) == 2}
    return dict(list(pairs.items())[:PEOPLE])


@pytest.fixture(scope="module")
def running(
    module_stack: Callable[..., Settings], shared_dir: Path, crops: dict[str, list[tuple[str, UInt8Array]]]
) -> Iterator[Running]:
    settings = with_yardsticks(module_stack("kafka", "triton", "milvus-standalone", "ray"), shared_dir)
    settings = with_api_port(settings)
    sightings = asyncio.run(fill(settings, crops))
    tell_camera_state(settings)
    url = app.deploy(settings)
    yield Running(url, settings, sightings, {pid: kept[1][1] for pid, kept in crops.items()})
    app.remove(settings)


async def fill(settings: Settings, crops: dict[str, list[tuple[str, UInt8Array]]]) -> list[Sighting]:
    """Put the first crop of each person into gallery and blob store."""
    models = select_models(settings)
    inference = TritonInference(settings.triton)
    await inference.open()
    detector = Detector(inference, models.detector.spec, min_score=0.1)
    embedder = Embedder(inference, models.embedder.spec)
    perception = Perception(Stages(detector, models.detector.spec, embedder, models.embedder.spec))
    blobs = open_blobs(settings)
    sightings = []
    for number, (pid, [(camera, crop), _]) in enumerate(crops.items()):
        height, width = crop.shape[:2]
        whole = np.array([[0, 0, width, height]], np.float32)
        embeddings = (await perception.describe(crop, whole)).embeddings
        unique, encoded = sighting_id(camera, pid, 0), io.BytesIO()
        Image.fromarray(crop).save(encoded, "JPEG")
        blobs.put(f"{unique}.jpg", encoded.getvalue())
        sightings.append(
            Sighting(
                sighting_id=unique,
                camera=camera,
                frame_id=pid,
                captured_at_us=int(time.time() * 1e6) - number * 1_000_000,
                track=f"{camera}/{pid}",
                box_xywh=(0.0, 0.0, float(width), float(height)),
                score=0.9,
                quality=0.9,
                embedding=embeddings.vectors[0],
                space=embeddings.space,
                crop_key=f"{unique}.jpg",
            )
        )
    await inference.close()
    space = models.embedder.spec.embedding_space
    gallery = MilvusGallery.open(settings.milvus, space=space.name, dimension=space.dimension)
    gallery.add(sightings)
    gallery.close()
    return sightings


def tell_camera_state(settings: Settings) -> None:
    producer = KafkaProducer(**connection_options(settings.kafka))
    for seen in (100, 150):
        state = CameraState("market-1", "f", int(time.time() * 1e6), seen, (64, 128), seen=seen, shed={"stale": 7})
        message = camera_state_to_message(state, settings.kafka.topic("camera_state"), 0)
        producer.send(message.topic, key=message.key, value=message.value, partition=0)
        time.sleep(1.0)
    producer.flush()
    producer.close()


def to_png(picture: UInt8Array) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "PNG")
    return encoded.getvalue()


def test_ready(running: Running) -> None:
    assert httpx.get(f"{running.url}/readyz").json() == {"status": "ready", "checks": {"gallery": "ok", "models": "ok"}}
    assert app.describe(running.settings)["state"] == "RUNNING"


def test_people_are_found_by_a_picture_from_another_camera(running: Running) -> None:
    ranks = []
    for pid, picture in running.queries.items():
        fields = {"crop": "true", "k": str(PEOPLE)}
        answer = httpx.post(f"{running.url}/v1/search", files={"image": to_png(picture)}, data=fields).json()
        ranks.append([match["frame_id"] for match in answer["matches"]].index(pid))

    assert ranks.count(0) >= PEOPLE // 2  # chance is one in twelve each
    assert np.mean(ranks) < PEOPLE / 4


def test_a_stored_picture_finds_itself_exactly(running: Running) -> None:
    for sighting in running.sightings[:3]:
        detail = httpx.get(f"{running.url}/v1/sightings/{sighting.sighting_id}").json()
        body = {"embedding": detail["embedding"], "embedding_space": detail["embedding_space"], "k": 1}
        match = httpx.post(f"{running.url}/v1/search", json=body).json()["matches"][0]
        assert match["sighting_id"] == sighting.sighting_id
        assert match["score"] == pytest.approx(1.0, abs=1e-3)
        crop = httpx.get(running.url + match["crop_url"])
        assert (crop.status_code, crop.headers["content-type"]) == (200, "image/jpeg")


def test_rerank_is_what_the_stored_vectors_give(running: Running) -> None:
    asked, *others = running.sightings
    body = {"sighting_id": asked.sighting_id, "rerank": True, "k": PEOPLE}
    matches = httpx.post(f"{running.url}/v1/search", json=body).json()["matches"]

    # Neighbours are sought in the order of the cosine, so that is how equal ones would rank.
    others.sort(key=lambda sighting: -float(asked.embedding @ sighting.embedding))
    [expected] = rerank(asked.embedding[None], np.stack([sighting.embedding for sighting in others]))
    by_id = dict(zip([sighting.sighting_id for sighting in others], expected, strict=True))
    assert [match["sighting_id"] for match in matches] == sorted(by_id, key=lambda sighting_id: by_id[sighting_id])
    for match in matches:
        assert match["rerank_distance"] == pytest.approx(by_id[match["sighting_id"]], abs=1e-4)


def test_the_largest_person_in_a_frame(running: Running, shared_dir: Path) -> None:
    import av

    with av.open(str(shared_dir / "data" / "video" / "room_camera_a.mp4")) as video:
        frame = next(video.decode(video=0)).to_ndarray(format="rgb24")
    answer = httpx.post(f"{running.url}/v1/search", files={"image": to_png(frame)}).json()

    people = answer["query"]["people"]
    assert people
    areas = [person["box"][2] * person["box"][3] for person in people]
    assert areas == sorted(areas, reverse=True)
    assert answer["query"]["box"] == people[0]["box"]
    assert len(answer["matches"]) == PEOPLE


def test_cameras_come_from_kafka(running: Running) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (cameras := httpx.get(f"{running.url}/v1/cameras").json()["cameras"]):
        assert time.monotonic() < deadline
        time.sleep(0.2)

    assert (cameras[0]["camera"], cameras[0]["seen"], cameras[0]["shed"]) == ("market-1", 150, {"stale": 7})


def test_prometheus_finds_the_replica(running: Running) -> None:
    targets = list((running.settings.local.state_dir / "metrics").glob("sightline-api-*.json"))

    assert [target.name for target in targets] == ["sightline-api-questions-0.json"]


def test_nothing_of_serve_listens_beyond_loopback(running: Running) -> None:
    head = running.settings.ray.address
    assert head
    assert listening_beyond_loopback(cluster_processes(int(head.rpartition(":")[2]))) == []


def cluster_processes(gcs_port: int) -> list[psutil.Process]:
    """The process that listens on the head's port, its parent, and all that the parent ever started."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(
                item.laddr.port == gcs_port for item in process.net_connections("inet") if item.status == psutil.CONN_LISTEN
            ):
                parent = process.parent()
                assert parent is not None
                return parent.children(recursive=True)
    raise AssertionError(f"nothing listens on {gcs_port}")


def listening_beyond_loopback(processes: list[psutil.Process]) -> list[tuple[str, str, int]]:
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            for item in process.net_connections("inet"):
                if item.status == psutil.CONN_LISTEN and not item.laddr.ip.removeprefix("::ffff:").startswith("127."):
                    found.append((process.name(), item.laddr.ip, item.laddr.port))
    return found


def test_deploying_again_changes_nothing(running: Running) -> None:
    before = httpx.get(f"{running.url}/metrics").text
    assert app.deploy(running.settings) == running.url
    after = httpx.get(f"{running.url}/metrics").text

    created = [line for line in before.splitlines() if line.startswith("sightline_http_requests_created")]
    assert created
    assert set(created) <= set(after.splitlines())  # the same process goes on


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_fuzzed_by_its_openapi_document(running: Running, method: str, path: str) -> None:
    schema = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
    fuzz(schema, method, path, GenerationMode.POSITIVE, examples=30)
    if (method, path) in OPERATIONS[:4]:
        fuzz(schema, method, path, GenerationMode.NEGATIVE, examples=60)
