"""What only the real gallery must do: find its collection again, live beside others, survive its server."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pymilvus import MilvusClient

from sightline.adapters.milvus import MilvusGallery, count, drop, sighting_ids
from sightline.adapters.milvus.collection import collection_name
from sightline.errors import ConfigurationError, InputError, ServiceUnavailable, SpaceMismatchError
from sightline.settings import MilvusSettings, Settings
from sightline.types import Sighting

SPACE, DIMENSION = "reid_test_v1_8_0123456789ab", 8


def sighting(name: str, *, space: str = SPACE, **changes: Any) -> Sighting:
    values: dict[str, Any] = {
        "sighting_id": name,
        "camera": "lobby",
        "frame_id": "f",
        "captured_at_us": 1_700_000_000_000_000,
        "track": "lobby/t",
        "box_xywh": (1.0, 2.0, 3.0, 4.0),
        "score": 0.9,
        "quality": 0.8,
        "embedding": np.eye(DIMENSION, dtype=np.float32)[0],
        "space": space,
    }
    return Sighting(**(values | changes))


@pytest.fixture
def where(milvus_settings: Settings) -> Iterator[MilvusSettings]:
    yield milvus_settings.milvus
    drop(milvus_settings.milvus, SPACE)


@pytest.fixture
def gallery(where: MilvusSettings) -> Iterator[MilvusGallery]:
    opened = MilvusGallery.open(where, space=SPACE, dimension=DIMENSION)
    yield opened
    opened.close()


@pytest.mark.stack
def test_a_dropped_collection_is_made_again(gallery: MilvusGallery, where: MilvusSettings) -> None:
    query = np.eye(DIMENSION, dtype=np.float32)[:1]
    gallery.add([sighting("before")])
    drop(where, SPACE)
    assert gallery.search(query, k=5) == [[]]
    drop(where, SPACE)
    gallery.add([sighting("after")])
    assert [one.sighting_id for one in gallery.newest(limit=10)] == ["after"]
    drop(where, SPACE)
    assert gallery.get(["after"]) == []
    gallery.add([sighting("last")], maybe_present=True)
    assert list(sighting_ids(where, SPACE)) == ["last"]
    assert MilvusClient(where.uri).describe_alias(where.collection_prefix)["collection_name"].endswith(SPACE)


@pytest.mark.stack
def test_what_was_kept_is_there_when_opened_again(gallery: MilvusGallery, where: MilvusSettings) -> None:
    gallery.add([sighting("one")])
    again = MilvusGallery.open(where, space=SPACE, dimension=DIMENSION)
    assert len(again.get(["one"])) == 1
    again.close()


@pytest.mark.stack
def test_an_unfinished_collection_is_finished(where: MilvusSettings) -> None:
    """Whoever made it died before its index."""
    gallery = MilvusGallery.open(where, space=SPACE, dimension=DIMENSION)
    client, name = MilvusClient(where.uri), f"{where.collection_prefix}_{SPACE}"
    client.release_collection(name)
    client.drop_index(name, "embedding")
    gallery.add([sighting("one")])
    assert len(gallery.search(np.eye(DIMENSION, dtype=np.float32)[:1], k=5)[0]) == 1
    gallery.close()


@pytest.mark.stack
def test_the_alias_of_another_live_space_stays(gallery: MilvusGallery, where: MilvusSettings) -> None:
    other = "reid_other_v1_8_0123456789ab"
    second = MilvusGallery.open(where, space=other, dimension=DIMENSION)
    second.add([sighting("theirs", space=other)])
    assert gallery.newest(limit=10) == []
    live = MilvusClient(where.uri).describe_alias(where.collection_prefix)["collection_name"]
    assert live == f"{where.collection_prefix}_{SPACE}"
    second.close()
    drop(where, other)


@pytest.mark.stack
def test_the_same_space_has_one_dimension(gallery: MilvusGallery, where: MilvusSettings) -> None:
    with pytest.raises(SpaceMismatchError, match="8 dimensions"):
        MilvusGallery.open(where, space=SPACE, dimension=DIMENSION + 1)


@pytest.mark.stack
def test_rows_are_counted_and_listed(gallery: MilvusGallery, where: MilvusSettings) -> None:
    assert count(where, SPACE) == 0
    gallery.add([sighting(f"s{i:05d}") for i in range(9000)])
    gallery.add([sighting(f"s{i:05d}") for i in range(100)], maybe_present=True)
    assert count(where, SPACE) == 9000
    assert sorted(sighting_ids(where, SPACE)) == [f"s{i:05d}" for i in range(9000)]
    drop(where, SPACE)
    assert count(where, SPACE) == 0
    assert list(sighting_ids(where, SPACE)) == []


@pytest.mark.stack
@pytest.mark.parametrize(
    "changes",
    [
        {"sighting_id": ""},
        {"sighting_id": "x" * 129},
        {"sighting_id": "é" * 65},
        {"camera": "c" * 513},
        {"camera": "\ud800"},
        {"captured_at_us": 2**63},
        {"score": float("nan")},
        {"frame_id": "f" * 70_000},
        {"attributes": {"hat": float("inf")}},
        {"embedding": np.full(DIMENSION, np.nan, np.float32)},
        {"embedding": np.zeros(DIMENSION, np.float32)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_cannot_be_kept_is_refused_whole(gallery: MilvusGallery, where: MilvusSettings, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        gallery.add([sighting("good"), sighting("bad", **changes)])
    assert count(where, SPACE) == 0


def test_an_illegal_space_is_refused() -> None:

    for space in ("a-b", "a b", "", "é", 'x"; drop', "x" * 300):
        with pytest.raises(InputError, match="embedding space"):
            collection_name("sightings", space)


def test_no_server_is_a_setting_to_change() -> None:
    with pytest.raises(ConfigurationError, match=r"sightline up"):
        MilvusGallery.open(MilvusSettings(), space=SPACE, dimension=DIMENSION)


def test_a_server_that_is_away_is_unavailable() -> None:
    with pytest.raises(ServiceUnavailable, match="milvus"):
        MilvusGallery.open(MilvusSettings(uri="http://127.0.0.1:1", timeout_s=1), space=SPACE, dimension=DIMENSION)


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.parametrize("server", ["milvus-lite", "milvus-standalone"])
def test_a_killed_server_comes_back_with_what_it_acknowledged(private_stack: Callable[..., Any], server: str) -> None:
    private = private_stack(server, milvus={"collection_prefix": f"k{uuid.uuid4().hex[:6]}"})
    where = private.settings.milvus
    gallery = MilvusGallery.open(where, space=SPACE, dimension=DIMENSION)
    gallery.add([sighting(f"s{i}") for i in range(500)])
    private.kill(server)
    with pytest.raises(ServiceUnavailable):
        gallery.add([sighting("while away")])
    private.revive()
    _until_available(lambda: gallery.add([sighting("back")], maybe_present=True))
    assert sorted(sighting_ids(where, SPACE)) == sorted([*(f"s{i}" for i in range(500)), "back"])
    assert len(gallery.get([f"s{i}" for i in range(500)])) == 500
    gallery.close()


def _until_available(call: Callable[[], None], *, within_s: float = 150.0) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            call()
            return
        except ServiceUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
