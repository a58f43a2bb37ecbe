"""Questions over fakes of the ports: who is found, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import numpy as np
import pytest
from support.questions import World
from support.questions.pictures import Person
from support.questions.world import CAMERAS, FRAMES_PER_TRACK, LOOKS, room

from serving.queries import Answer, PictureQuery, SearchOptions
from serving.search import NobodyFound, SearchService
from sightline.attributes import likeliest
from sightline.decoding import ImageLimits, decode_image
from sightline.errors import InputError, NotFoundError, ServiceUnavailable, SpaceMismatchError
from sightline.ranking import rerank
from sightline.types import SightingFilter, UInt8Array

TALL, SMALL = LOOKS[0], LOOKS[5]


@pytest.fixture
def service(world: World) -> SearchService:
    return world.services().search


@pytest.fixture
def two_people() -> UInt8Array:
    return room("entrance", (Person(TALL, (200, 330), 240), Person(SMALL, (420, 320), 180))).draw()


def walks(answer: Answer) -> set[str]:
    """Whose walks were found: ``walk-<look>-<visit>-<step>`` without the step."""
    return {match.sighting.frame_id.rsplit("-", 1)[0] for match in answer.matches}


async def test_the_largest_person_is_asked_for(service: SearchService, two_people: UInt8Array) -> None:
    answer = await service.by_picture(PictureQuery(two_people), SearchOptions(k=2, group_by="track"))

    assert answer.people is not None
    assert len(answer.people) == 2
    assert answer.box_xywh == pytest.approx((147.7, 90.8, 104.6, 252.3), abs=4)
    assert answer.picture_wh == (640, 360)
    assert walks(answer) == {"walk-0-0", "walk-0-1"}


async def test_a_box_picks_the_other(service: SearchService, two_people: UInt8Array) -> None:
    query = PictureQuery(two_people, box_xywh=(381.0, 141.0, 77.0, 190.0))
    answer = await service.by_picture(query, SearchOptions(k=2, group_by="track"))

    assert answer.people is None
    assert walks(answer) == {"walk-5-0", "walk-5-1"}


async def test_a_box_is_cut_to_the_picture(service: SearchService, two_people: UInt8Array) -> None:
    answer = await service.by_picture(PictureQuery(two_people, box_xywh=(600, 300, 100, 100)), SearchOptions())

    assert answer.box_xywh == (600, 300, 40, 60)


@pytest.mark.parametrize("box", [(640, 0, 10, 10), (-20, -20, 20, 20), (0, 400, 50, 50)])
async def test_a_box_outside_is_refused(service: SearchService, two_people: UInt8Array, box: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="640x360"):
        await service.by_picture(PictureQuery(two_people, box_xywh=box), SearchOptions())  # type: ignore[arg-type]


async def test_a_whole_picture_needs_no_detector(service: SearchService, world: World) -> None:
    crop = world.blobs.get(world.gallery.newest(limit=1)[0].crop_key or "")
    image = decode_image(crop, limits=ImageLimits(10**6, 10**6, 10**4))
    answer = await service.by_picture(PictureQuery(image, whole=True), SearchOptions(k=1))

    assert answer.people is None
    assert answer.box_xywh == (0, 0, image.shape[1], image.shape[0])


async def test_nobody_in_the_picture(service: SearchService) -> None:
    with pytest.raises(NobodyFound, match="crop=true"):
        await service.by_picture(PictureQuery(room("entrance", ()).draw()), SearchOptions())


async def test_a_sighting_does_not_find_itself(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0]
    answer = await service.by_sighting(asked.sighting_id, SearchOptions(k=1000))

    ids = [match.sighting.sighting_id for match in answer.matches]
    assert asked.sighting_id not in ids
    assert len(ids) == len(LOOKS) * 2 * FRAMES_PER_TRACK - 1
    assert answer.matches == sorted(answer.matches, key=lambda match: -match.score)


async def test_k_counts_what_is_given_when_the_asked_is_dropped(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0]
    answer = await service.by_sighting(asked.sighting_id, SearchOptions(k=3))

    assert len(answer.matches) == 3


async def test_k_counts_tracks(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0]
    answer = await service.by_sighting(asked.sighting_id, SearchOptions(k=30, group_by="track"))

    tracks = [match.sighting.track for match in answer.matches]
    assert len(tracks) == len(set(tracks)) == 30
    assert answer.complete


async def test_more_tracks_than_there_are(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0]
    answer = await service.by_sighting(asked.sighting_id, SearchOptions(k=1000, group_by="track"))

    assert len(answer.matches) == len(LOOKS) * 2
    assert answer.complete


async def test_reranking_looks_beyond_k(world: World) -> None:
    """What comes first of all matches re-ranked comes first of k as well, though k alone would not have fetched it."""
    asked = world.gallery.newest(limit=1)[0]
    service = world.services().search
    everything = (await service.by_sighting(asked.sighting_id, SearchOptions(k=1000, rerank=True))).matches
    few = await service.by_sighting(asked.sighting_id, SearchOptions(k=4, rerank=True))

    assert [match.sighting.sighting_id for match in few.matches] == [match.sighting.sighting_id for match in everything[:4]]
    assert few.complete
    assert asked.sighting_id not in [match.sighting.sighting_id for match in everything]
    assert len(everything) == len(LOOKS) * 2 * FRAMES_PER_TRACK - 1


async def test_reranking_is_that_of_the_ranking_module(world: World) -> None:
    asked = world.gallery.newest(limit=1)[0]
    plain = (await world.services().search.by_sighting(asked.sighting_id, SearchOptions(k=1000))).matches
    answer = await world.services().search.by_sighting(asked.sighting_id, SearchOptions(k=1000, rerank=True))

    gallery = np.stack([match.sighting.embedding for match in plain])
    expected = dict(zip([m.sighting.sighting_id for m in plain], rerank(asked.embedding[None], gallery)[0], strict=True))
    for match in answer.matches:
        assert match.rerank_distance == pytest.approx(expected[match.sighting.sighting_id], abs=1e-6)


async def test_no_more_than_the_top_is_reranked(world: World) -> None:
    """The best ten by cosine are ordered anew: the eleventh is not among the answers, however well it would do."""
    asked = world.gallery.newest(limit=1)[0]
    world.rerank_top = 10
    plain = await world.services().search.by_sighting(asked.sighting_id, SearchOptions(k=10))
    answer = await world.services().search.by_sighting(asked.sighting_id, SearchOptions(k=3, rerank=True))

    assert len(answer.matches) == 3
    assert {m.sighting.sighting_id for m in answer.matches} <= {m.sighting.sighting_id for m in plain.matches}


async def test_reranking_nothing(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0]
    options = SearchOptions(where=SightingFilter(("nowhere",)), rerank=True)

    assert (await service.by_sighting(asked.sighting_id, options)).matches == []


async def test_filters_hold_for_every_match(service: SearchService, world: World) -> None:
    newest = world.gallery.newest(limit=1)[0]
    where = SightingFilter(CAMERAS[:2], newest.captured_at_us - 1800_000_000, newest.captured_at_us)
    answer = await service.by_sighting(newest.sighting_id, SearchOptions(k=1000, where=where, min_score=0.3))

    assert answer.matches
    for match in answer.matches:
        assert match.sighting.camera in CAMERAS[:2]
        assert newest.captured_at_us - 1800_000_000 <= match.sighting.captured_at_us < newest.captured_at_us
        assert match.score >= 0.3


async def test_an_attribute_that_no_sighting_has(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0].sighting_id
    with_hat = SearchOptions(where=SightingFilter(attributes=(("hat", "yes"),)))
    without_hat = SearchOptions(where=SightingFilter(attributes=(("hat", "no"),)))

    assert (await service.by_sighting(asked, with_hat)).matches == []
    assert len((await service.by_sighting(asked, without_hat)).matches) == 20


async def test_a_colour_holds_for_every_match(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0].sighting_id
    answer = await service.by_sighting(asked, SearchOptions(k=5, where=SightingFilter(attributes=(("upper_colour", "red"),))))

    assert len(answer.matches) == 5
    assert {likeliest(match.sighting.attributes)["upper_colour"][0] for match in answer.matches} == {"red"}


class Away:
    """A stage whose model does not answer."""

    async def estimate(self, crops: UInt8Array) -> NoReturn:
        raise ServiceUnavailable("triton", "away")


async def test_a_question_goes_on_without_stages_that_do_not_answer(world: World, two_people: UInt8Array) -> None:
    away = replace(world, pose=Away(), dense=Away())
    services = away.services()
    answer = await services.search.by_picture(PictureQuery(two_people), SearchOptions(k=2, group_by="track"))

    assert walks(answer) == {"walk-0-0", "walk-0-1"}
    assert answer.without == ("pose", "dense")
    assert answer.known.visibility is None
    value = services.registry.get_sample_value
    assert value("sightline_degraded_questions_total", {"stage": "pose", "reason": "unavailable"}) == 1
    await services.close()


async def test_an_unknown_sighting(service: SearchService) -> None:
    with pytest.raises(NotFoundError):
        await service.by_sighting("00000000-0000-0000-0000-000000000000", SearchOptions())


async def test_a_vector_of_any_length_finds_its_own(service: SearchService, world: World) -> None:
    asked = world.gallery.newest(limit=1)[0]
    answer = await service.by_vector(asked.embedding * np.float32(7), asked.space, SearchOptions(k=1))

    assert answer.matches[0].score == pytest.approx(1.0, abs=1e-5)
    assert answer.matches[0].sighting.frame_id.startswith("walk-14-")


async def test_spaces_never_meet(service: SearchService) -> None:
    with pytest.raises(SpaceMismatchError):
        await service.by_vector(np.ones(24, np.float32), "reid_other_v1_24_000000000000", SearchOptions())


@pytest.mark.parametrize(
    "vector", [np.zeros(24, np.float32), np.ones(23, np.float32), np.full(24, np.inf, np.float32), np.zeros(0, np.float32)]
)
async def test_a_vector_without_direction_or_of_another_dimension(service: SearchService, vector: np.ndarray) -> None:
    with pytest.raises(InputError, match="embedding"):
        await service.by_vector(vector, service.space.name, SearchOptions())
