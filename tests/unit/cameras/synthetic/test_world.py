"""The world: the same from the same seed, people who go from camera to camera and look the same in each."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from sightline.attributes import ATTRIBUTES
from sightline.body_model.parts import PARTS
from sightline.cameras.synthetic import floor_plan as plan_of
from sightline.cameras.synthetic.ground_truth import FrameTruth
from sightline.cameras.synthetic.image_effects import ImageEffects
from sightline.cameras.synthetic.person import draw_person
from sightline.cameras.synthetic.world import World

NOW_US = 1_800_000_000_000_000
SIZE_WH = (360, 288)


def test_the_same_seed_makes_the_same_pictures_and_truth(small_world: World) -> None:
    again = World(5, cameras=2, size_wh=SIZE_WH)
    for view, same in zip(small_world.views, again.views, strict=True):
        view.frame(NOW_US + 7_000_000)  # what was rendered before changes nothing
        one, other = view.frame(NOW_US), same.frame(NOW_US)
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.truth.pids, other.truth.pids)
        np.testing.assert_array_equal(one.truth.joints_xy, other.truth.joints_xy)
        np.testing.assert_array_equal(one.truth.dense.u, other.truth.dense.u)


def test_another_seed_makes_another_world(small_world: World) -> None:
    other = World(6, cameras=2, size_wh=SIZE_WH)
    one, another = small_world.views[0].frame(NOW_US).image, other.views[0].frame(NOW_US).image
    assert np.abs(one.astype(int) - another).mean() > 10


def test_impossible_worlds_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one camera"):
        World(0, cameras=0)


def test_people_have_all_attributes_and_differ() -> None:
    people = [draw_person(0, pid) for pid in range(1, 40)]
    for person in people:
        assert list(person.attributes) == list(ATTRIBUTES)
        assert all(person.attributes[name] in values for name, values in ATTRIBUTES.items())
    assert len({person.atlas.tobytes() for person in people}) == len(people)


def test_people_walk_at_their_speed_and_not_through_furniture(small_world: World) -> None:
    for person, itinerary in zip(small_world.people, small_world.itineraries, strict=True):
        for time_us in range(0, itinerary.period_us - 1_000_000, 500_000):
            start = time_us - itinerary.offset_us
            one, other = itinerary.at(start), itinerary.at(start + 100_000)
            assert math.dist(one.position, other.position) <= 0.1 * person.speed * 1.05
            x, y = one.position
            room = small_world.plan.room_of(x, y)
            for block in small_world.plan.furniture[room] if room >= 0 else ():
                inside = block.low[0] < x < block.high[0] and block.low[1] < y < block.high[1]
                assert not inside


def test_people_change_rooms_through_doors_alone(small_world: World) -> None:
    passages = 0
    for itinerary in small_world.itineraries:
        times = range(-itinerary.offset_us, itinerary.period_us - itinerary.offset_us - 200_000, 100_000)
        places = [itinerary.at(time_us).position for time_us in times]
        for one, other in pairwise(places):
            rooms = {small_world.plan.room_of(*one), small_world.plan.room_of(*other)}
            if len(rooms) > 1:
                passages += 1
                doors = [door for door in small_world.plan.doors if set(door.rooms) == rooms]
                assert min(math.dist(door.middle, one) for door in doors) < plan_of.DOOR_WIDTH / 2 + 0.2
    assert passages > 20


def sightings(world: World, seconds: int) -> list[tuple[float, FrameTruth]]:
    found = []
    for second in range(seconds):
        found += [(float(second), view.frame(NOW_US + second * 1_000_000).truth) for view in world.views]
    return found


@pytest.fixture(scope="module")
def watched(small_world: World) -> list[tuple[float, FrameTruth]]:
    return sightings(small_world, 60)


def test_people_leave_one_camera_and_appear_in_another(watched: list[tuple[float, FrameTruth]]) -> None:
    seen: dict[int, list[tuple[float, str]]] = {}
    for second, truth in watched:
        for pid, share, box in zip(truth.pids.tolist(), truth.visible_fraction, truth.boxes_xywh, strict=True):
            if share > 0.5 and box[3] > 50:
                seen.setdefault(pid, []).append((second, truth.camera))
    waits = [
        later - earlier
        for visits in seen.values()
        for (earlier, camera), (later, other) in pairwise(visits)
        if camera != other and later > earlier
    ]
    assert len(waits) >= 3
    assert all(0 < wait < 60 for wait in waits)
    assert min(waits) <= 15


def torso_colour(image: np.ndarray, truth: FrameTruth, index: int) -> np.ndarray | None:
    torso = np.isin(truth.dense.part[0], (PARTS.index("torso_front"), PARTS.index("torso_back"))) & (truth.owner == index + 1)
    return image[torso].mean(0) if torso.sum() > 60 else None


def test_people_look_the_same_in_every_camera_up_to_its_effects(small_world: World) -> None:
    """The nearest mean colour of the torso in the other camera, relative to each camera's own mean, is mostly their own."""
    colours: dict[str, dict[int, list[np.ndarray]]] = {}
    for view in small_world.views:
        of_camera = colours.setdefault(view.name, {})
        for second in range(0, 120, 3):
            frame = view.frame(NOW_US + second * 1_000_000, effects=False)
            for index, pid in enumerate(frame.truth.pids.tolist()):
                colour = torso_colour(frame.image, frame.truth, index)
                if colour is not None:
                    of_camera.setdefault(pid, []).append(colour)
    one, other = ({pid: np.mean(each, 0) for pid, each in found.items() if len(each) > 1} for found in colours.values())
    shared = sorted(set(one) & set(other))
    assert len(shared) >= 5
    right = sum(min(other, key=lambda pid: float(np.linalg.norm(other[pid] - one[wanted]))) == wanted for wanted in shared)
    assert right >= 0.6 * len(shared)


def test_effects_change_light_and_add_noise() -> None:
    grey = np.full((60, 80, 3), 120, np.uint8)
    warm = ImageEffects(gains=(1.2, 1.0, 0.8)).apply(grey, 0)
    assert warm[0, 0].tolist() == [144, 120, 96]
    noisy = ImageEffects(noise=4.0, seed=1)
    assert 2 < noisy.apply(grey, 5).astype(float).std() < 6
    np.testing.assert_array_equal(noisy.apply(grey, 5), noisy.apply(grey, 5))
    assert (noisy.apply(grey, 5) != noisy.apply(grey, 6)).any()
