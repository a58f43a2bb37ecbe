"""What every gallery must do: the fake, Milvus Lite and the standalone server alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymilvus import MilvusClient

from sightline.adapters.milvus import MilvusGallery, drop
from sightline.errors import SpaceMismatchError
from sightline.ports import Gallery
from sightline.settings import load_settings, merge
from sightline.testing import InMemoryGallery
from sightline.types import Float32Array, Sighting, SightingFilter

SPACE, DIMENSION = "reid_test_v1_16_0123456789ab", 16
DAY_US = 24 * 3600 * 1_000_000
NOON_US = 1_700_000_000_000_000

FEW_EXAMPLES = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(
    scope="module",
    params=[
        "fake",
        pytest.param("milvus-lite", marks=pytest.mark.stack),
        pytest.param("milvus-standalone", marks=pytest.mark.stack),
    ],
)
def milvus(request: pytest.FixtureRequest) -> Iterator[tuple[MilvusGallery, Callable[[], None]] | None]:
    """A Milvus gallery and how to empty it; None for the fake. To make a collection takes seconds, to empty it does not."""
    if request.param == "fake":
        yield None
        return
    prefix = f"t{uuid.uuid4().hex[:8]}_sightings"
    addresses = request.getfixturevalue("session_servers").addresses((request.param,))
    where = load_settings(**merge(addresses, {"milvus": {"collection_prefix": prefix}})).milvus
    opened = MilvusGallery.open(where, space=SPACE, dimension=DIMENSION)
    client = MilvusClient(where.uri)

    def empty() -> None:
        name = f"{prefix}_{SPACE}"
        client.delete(name, filter='sighting_id > ""')
        client.query(name, filter='sighting_id > ""', limit=1, consistency_level="Strong")

    yield opened, empty
    opened.close()
    drop(where, SPACE)


@pytest.fixture
def gallery(milvus: tuple[MilvusGallery, Callable[[], None]] | None) -> Iterator[Gallery]:
    """An empty gallery of the space."""
    if milvus is None:
        yield InMemoryGallery(SPACE, dimension=DIMENSION)
        return
    opened, empty = milvus
    yield opened
    empty()


def unit(vector: Sequence[float] | Float32Array) -> Float32Array:
    array = np.asarray(vector, np.float32)
    return (array / np.linalg.norm(array)).astype(np.float32)


def random_units(count: int, seed: int = 0) -> Float32Array:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sighting(
    embedding: Float32Array | None = None,
    *,
    name: str | None = None,
    camera: str = "lobby",
    time_us: int = NOON_US,
    space: str = SPACE,
    attributes: Mapping[str, float] | None = None,
) -> Sighting:
    return Sighting(
        sighting_id=name or str(uuid.uuid4()),
        camera=camera,
        frame_id="frame-1",
        captured_at_us=time_us,
        track=f"{camera}/t",
        box_xywh=(1.5, 2.25, 30.125, 60.1),
        score=0.93,
        quality=0.61,
        embedding=unit(np.eye(DIMENSION)[0]) if embedding is None else embedding,
        space=space,
        attributes=attributes or {},
    )


def ids(found: Sequence[Sighting]) -> list[str]:
    return [one.sighting_id for one in found]


def test_an_empty_gallery_answers(gallery: Gallery) -> None:
    gallery.add([])
    assert gallery.search(random_units(3), k=5) == [[], [], []]
    assert gallery.get([]) == []
    assert gallery.get(["nobody"]) == []
    assert gallery.newest(limit=10) == []


def test_no_query_has_no_answer(gallery: Gallery) -> None:
    gallery.add([sighting()])
    assert gallery.search(np.zeros((0, DIMENSION), np.float32), k=5) == []


def test_what_is_kept_comes_back_whole(gallery: Gallery) -> None:
    keypoints = np.random.default_rng(1).random((19, 3)).astype(np.float32)
    whole = Sighting(
        sighting_id="0b5c",
        camera="Straße 7 «漢» 😀",
        frame_id='quote " and \\ and \n and {brace}',
        captured_at_us=NOON_US + 1,
        track="lobby/track",
        box_xywh=(0.1, -2.5, 33.3, 1e6),
        score=0.123456789,
        quality=1.0,
        embedding=random_units(1)[0],
        space=SPACE,
        crop_key="lobby/2026-01-01/0b5c.jpg",
        crop_box_xywh=(1.0, 2.0, 3.0, 4.1),
        keypoints=keypoints,
        attributes={"hat": 0.25, "Ärmel": 1.0},
        visibility=np.linspace(0, 0.3, 24, dtype=np.float32),
    )
    gallery.add([whole])
    (back,) = gallery.get(["0b5c"])
    np.testing.assert_allclose(back.embedding, whole.embedding, atol=1e-6)
    assert back.keypoints is not None
    np.testing.assert_array_equal(back.keypoints, keypoints)
    np.testing.assert_array_equal(back.visibility, whole.visibility)
    names = set(Sighting.__slots__) - {"embedding", "keypoints", "visibility"}
    assert {name: getattr(back, name) for name in names} == {name: getattr(whole, name) for name in names}


def test_what_was_not_known_comes_back_unknown(gallery: Gallery) -> None:
    gallery.add([sighting(name="bare")])
    (back,) = gallery.get(["bare"])
    assert back.crop_key is None
    assert back.crop_box_xywh is None
    assert back.keypoints is None
    assert back.attributes == {}
    assert back.visibility is None


def test_get_keeps_the_order_asked(gallery: Gallery) -> None:
    gallery.add([sighting(name=f"s{i:04d}") for i in range(1200)])
    asked = ["s0700", "nobody", "s0001", *(f"s{i:04d}" for i in range(1199, -1, -1)), "s0001"]
    assert ids(gallery.get(asked)) == [name for name in asked if name != "nobody"]


def test_sightings_are_visible_once_added(gallery: Gallery) -> None:
    for round_ in range(5):
        vector = random_units(1, seed=round_)[0]
        gallery.add([sighting(vector, name=f"s{round_}")])
        assert ids(gallery.get([f"s{round_}"])) == [f"s{round_}"]
        ((best,),) = gallery.search(vector[None], k=1)
        assert best.sighting.sighting_id == f"s{round_}"


def test_best_first_with_cosines(gallery: Gallery) -> None:
    query = unit(np.eye(DIMENSION)[0])
    cosines = {"same": 1.0, "near": 0.8, "apart": 0.0, "opposite": -1.0}
    other = np.eye(DIMENSION, dtype=np.float32)[1]
    gallery.add([sighting(unit(c * query + np.sqrt(1 - c * c) * other), name=name) for name, c in cosines.items()])
    (matches,) = gallery.search(query[None], k=10)
    assert ids([match.sighting for match in matches]) == list(cosines)
    assert [match.score for match in matches] == pytest.approx(list(cosines.values()), abs=1e-5)
    assert all(-1 <= match.score <= 1 for match in matches)
    (matches,) = gallery.search(query[None], k=10, min_score=0.5)
    assert ids([match.sighting for match in matches]) == ["same", "near"]


@pytest.mark.parametrize("k", [1, 7, 1000])
def test_k_bounds_the_answer(gallery: Gallery, k: int) -> None:
    vectors = random_units(1100)
    gallery.add([sighting(vector, name=f"s{i}") for i, vector in enumerate(vectors)])
    for answer, query in zip(gallery.search(vectors[:3], k=k), range(3), strict=True):
        assert len(answer) == k
        assert answer[0].sighting.sighting_id == f"s{query}"
        assert len({match.sighting.sighting_id for match in answer}) == k


@pytest.mark.parametrize("k", [0, -1, 16_385])
def test_k_out_of_range_is_refused(gallery: Gallery, k: int) -> None:
    with pytest.raises(ValueError, match="k: expected"):
        gallery.search(random_units(1), k=k)


DRESSED: Mapping[str, Mapping[str, float]] = {
    "red": {"upper_colour:red": 0.45, "upper_colour:blue": 0.3, "upper_colour:black": 0.25, "backpack:yes": 0.9},
    "blue": {"upper_colour:red": 0.1, "upper_colour:blue": 0.9, "backpack:yes": 0.2},
    "tie": {"upper_colour:red": 0.5, "upper_colour:blue": 0.5, "backpack:no": 0.4, "backpack:yes": 0.6},
    "bare": {},
}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ((("upper_colour", "red"),), {"red", "tie"}),
        ((("upper_colour", "blue"),), {"blue"}),
        ((("upper_colour", "white"),), set()),
        ((("backpack", "yes"),), {"red", "tie"}),
        ((("backpack", "no"),), {"blue"}),
        ((("upper_colour", "red"), ("backpack", "yes")), {"red", "tie"}),
        ((("upper_colour", "red"), ("backpack", "no")), set()),
        ((("hat", "no"),), set()),
        ((('a "quoted" \\ name', 'or" == "or'),), set()),
    ],
)
def test_attributes_are_filtered_by_their_likeliest_value(
    gallery: Gallery, attributes: tuple[tuple[str, str], ...], expected: set[str]
) -> None:
    gallery.add([sighting(name=name, attributes=probabilities) for name, probabilities in DRESSED.items()])
    where = SightingFilter(attributes=attributes)
    (matches,) = gallery.search(random_units(1), k=10, where=where)
    assert {match.sighting.sighting_id for match in matches} == expected
    assert set(ids(gallery.newest(limit=10, where=where))) == expected


def test_attributes_and_cameras_are_filtered_together(gallery: Gallery) -> None:
    for camera in ("lobby", "door"):
        gallery.add([sighting(name=f"{camera}-{name}", camera=camera, attributes=DRESSED[name]) for name in ("red", "blue")])
    where = SightingFilter(("door",), attributes=(("upper_colour", "red"),))
    (matches,) = gallery.search(random_units(1), k=10, where=where)
    assert ids([match.sighting for match in matches]) == ["door-red"]


@pytest.mark.parametrize("limit", [0, 1001])
def test_limit_out_of_range_is_refused(gallery: Gallery, limit: int) -> None:
    with pytest.raises(ValueError, match="limit: expected"):
        gallery.newest(limit=limit)


@FEW_EXAMPLES
@given(data=st.data())
def test_search_is_brute_force(gallery: Gallery, data: st.DataObject) -> None:
    """Filters, scores and order equal those of a plain loop; small sets, so that any index is exact."""
    here = uuid.uuid4().hex[:8]  # the gallery lives longer than one example
    cameras = [f"{here}-a", f"{here}-b", f'{here}" or camera != "']
    count = data.draw(st.integers(0, 40))
    rows = [
        sighting(
            random_units(1, seed=data.draw(st.integers(0, 10_000)))[0],
            camera=data.draw(st.sampled_from(cameras)),
            time_us=NOON_US + data.draw(st.integers(-3, 3)),
        )
        for _ in range(count)
    ]
    gallery.add(rows)
    where = SightingFilter(
        cameras=tuple(data.draw(st.sets(st.sampled_from(cameras), min_size=1))),
        start_us=data.draw(st.none() | st.integers(NOON_US - 4, NOON_US + 4)),
        end_us=data.draw(st.none() | st.integers(NOON_US - 4, NOON_US + 4)),
    )
    k = data.draw(st.integers(1, 50))
    min_score = data.draw(st.none() | st.floats(-1, 1))
    query = random_units(1, seed=data.draw(st.integers(0, 10_000)))[0]
    expected = sorted((float(row.embedding @ query) for row in rows if passes(row, where)), reverse=True)[:k]
    (found,) = gallery.search(query[None], k=k, where=where, min_score=min_score)
    kept = [score for score in expected if min_score is None or score >= min_score + 1e-5]
    scores = [match.score for match in found]
    assert scores[: len(kept)] == pytest.approx(kept, abs=1e-5)
    assert all(abs(score - (min_score or 0)) < 2e-5 for score in scores[len(kept) :])
    assert all(passes(match.sighting, where) for match in found)
    assert [match.score for match in found] == pytest.approx([float(m.sighting.embedding @ query) for m in found], abs=1e-5)


def passes(row: Sighting, where: SightingFilter) -> bool:
    return (
        (not where.cameras or row.camera in where.cameras)
        and (where.start_us is None or where.start_us <= row.captured_at_us)
        and (where.end_us is None or row.captured_at_us < where.end_us)
    )


HOSTILE = (
    '"] or 1 == 1 or camera in ["',
    "' or true --",
    "a\\",
    'a\\"',
    "tab\tnew\r\nline",
    "\x00\x01\x7f\x85\u2028",
    "%",
    "{x}",
    "漢字 😀",
    "",
)


@pytest.mark.parametrize("camera", HOSTILE)
def test_a_hostile_camera_names_only_itself(gallery: Gallery, camera: str) -> None:
    gallery.add([sighting(name="other", camera="plain"), sighting(name="its", camera=camera)])
    where = SightingFilter(cameras=(camera,))
    assert ids(gallery.newest(limit=10, where=where)) == ["its"]
    (matches,) = gallery.search(random_units(1), k=10, where=where)
    assert ids([match.sighting for match in matches]) == ["its"]


@pytest.mark.parametrize("name", [text for text in HOSTILE if text])
def test_a_hostile_id_names_only_itself(gallery: Gallery, name: str) -> None:
    gallery.add([sighting(name="other"), sighting(name=name)])
    assert ids(gallery.get([name])) == [name]


def test_ids_that_cannot_be_are_not_there(gallery: Gallery) -> None:
    gallery.add([sighting(name="one")])
    assert ids(gallery.get(["x" * 10_000, "\ud800", "", "one"])) == ["one"]


@pytest.mark.parametrize("bound", [-(2**63), -1, 0, 2**63 - 1, 2**80, -(2**80)])
def test_any_time_can_be_asked_for(gallery: Gallery, bound: int) -> None:
    gallery.add([sighting(name="one")])
    after = gallery.newest(limit=5, where=SightingFilter(start_us=bound))
    before = gallery.newest(limit=5, before_us=bound, where=SightingFilter(end_us=bound))
    assert ids(after) == (["one"] if bound <= NOON_US else [])
    assert ids(before) == (["one"] if bound > NOON_US else [])


def test_adding_again_replaces(gallery: Gallery) -> None:
    vectors = random_units(2)
    gallery.add([sighting(vectors[0], name="one", camera="a"), sighting(vectors[1], name="two")])
    gallery.add([sighting(vectors[1], name="one", camera="b"), sighting(vectors[0], name="three")], maybe_present=True)
    assert [row.camera for row in gallery.get(["one"])] == ["b"]
    (matches,) = gallery.search(vectors[:1], k=10)
    assert sorted(ids([match.sighting for match in matches])) == ["one", "three", "two"]
    assert sorted(ids(gallery.newest(limit=10))) == ["one", "three", "two"]
    assert gallery.newest(limit=10, where=SightingFilter(cameras=("a",))) == []


def test_the_last_of_one_batch_wins(gallery: Gallery) -> None:
    gallery.add([sighting(name="one", camera="a"), sighting(name="one", camera="b")], maybe_present=True)
    assert [row.camera for row in gallery.get(["one"])] == ["b"]
    (matches,) = gallery.search(random_units(1), k=10)
    assert ids([match.sighting for match in matches]) == ["one"]


def test_another_space_is_refused_whole(gallery: Gallery) -> None:
    with pytest.raises(SpaceMismatchError):
        gallery.add([sighting(name="mine"), sighting(name="theirs", space="reid_other_v1_16_0123456789ab")])
    assert gallery.get(["mine", "theirs"]) == []


def test_another_dimension_is_refused(gallery: Gallery) -> None:
    with pytest.raises(SpaceMismatchError):
        gallery.add([sighting(unit(np.ones(DIMENSION + 1)))])
    with pytest.raises(SpaceMismatchError):
        gallery.search(np.ones((1, DIMENSION + 1), np.float32), k=1)
    with pytest.raises(SpaceMismatchError):
        gallery.search(np.ones(DIMENSION, np.float32), k=1)


def test_newest_first_ties_by_id(gallery: Gallery) -> None:
    times = {"old": 0, "tie-b": 5, "tie-a": 5, "new": 9, "future": 400 * 365 * DAY_US}
    gallery.add([sighting(name=name, time_us=NOON_US + offset) for name, offset in times.items()])
    order = ["future", "new", "tie-a", "tie-b", "old"]
    assert ids(gallery.newest(limit=10)) == order
    for limit in range(1, 6):
        assert ids(gallery.newest(limit=limit)) == order[:limit]
    assert ids(gallery.newest(limit=10, before_us=NOON_US + 9)) == ["tie-a", "tie-b", "old"]
    assert gallery.newest(limit=10, before_us=NOON_US) == []


def test_newest_over_gaps_of_months(gallery: Gallery) -> None:
    times = [NOON_US - months * 30 * DAY_US for months in (0, 1, 7, 8, 120, 480)]
    gallery.add([sighting(name=f"s{i}", time_us=time) for i, time in enumerate(times)])
    assert ids(gallery.newest(limit=10)) == [f"s{i}" for i in range(6)]
    assert ids(gallery.newest(limit=2, before_us=times[2])) == ["s3", "s4"]


def test_newest_of_very_many_at_one_time(gallery: Gallery) -> None:
    """A clock that stands still, and more rows than one answer of the server may hold."""
    count = 20_000
    names = [f"s{i:05d}" for i in np.random.default_rng(0).permutation(count)]
    for start in range(0, count, 4000):
        gallery.add([sighting(name=name) for name in names[start : start + 4000]])
    gallery.add([sighting(name="later", time_us=NOON_US + 1), sighting(name="earlier", time_us=NOON_US - 1)])
    assert ids(gallery.newest(limit=5)) == ["later", "s00000", "s00001", "s00002", "s00003"]
    assert ids(gallery.newest(limit=1000, before_us=NOON_US + 1)) == [f"s{i:05d}" for i in range(1000)]


@FEW_EXAMPLES
@given(
    offsets=st.lists(
        st.sampled_from([0, 1, 2]) | st.integers(-3600 * 10**6, 3600 * 10**6) | st.integers(-(10**17), 10**17), max_size=60
    ),
    limit=st.integers(1, 70),
    before=st.none() | st.integers(-5, 5) | st.integers(-(10**17), 10**17),
)
def test_newest_is_a_sort(gallery: Gallery, offsets: list[int], limit: int, before: int | None) -> None:
    camera = uuid.uuid4().hex
    rows = [sighting(camera=camera, time_us=NOON_US + offset) for offset in offsets]
    gallery.add(rows)
    before_us = None if before is None else NOON_US + before
    kept = [row for row in rows if before_us is None or row.captured_at_us < before_us]
    expected = sorted(kept, key=lambda row: (-row.captured_at_us, row.sighting_id))[:limit]
    assert ids(gallery.newest(limit=limit, before_us=before_us, where=SightingFilter(cameras=(camera,)))) == ids(expected)


def test_threads_share_a_gallery(gallery: Gallery) -> None:
    def add_and_ask(worker: int) -> int:
        found = 0
        for round_ in range(5):
            name = f"{worker}-{round_}"
            gallery.add([sighting(name=name)])
            found += len(gallery.get([name])) + len(gallery.search(random_units(1), k=1)[0])
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(add_and_ask, range(4))) == [10] * 4
    assert len(gallery.newest(limit=100)) == 20
