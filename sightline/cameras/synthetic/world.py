"""The whole: a floor plan, its people and its cameras. Any picture of it, and its truth, follows from seed, camera and time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from sightline.cameras.synthetic import floor_plan as plan_of
from sightline.cameras.synthetic.camera import Camera, looking_at
from sightline.cameras.synthetic.crowd import crowd, standing
from sightline.cameras.synthetic.floor_plan import FloorPlan, draw_floor_plan
from sightline.cameras.synthetic.ground_truth import SyntheticFrame
from sightline.cameras.synthetic.image_effects import ImageEffects, draw_effects
from sightline.cameras.synthetic.itinerary import Itinerary, Whereabouts, draw_itinerary
from sightline.cameras.synthetic.paths import draw_paths
from sightline.cameras.synthetic.person import Person, draw_person
from sightline.cameras.synthetic.reading import read_truth
from sightline.cameras.synthetic.renderer import Renderer
from sightline.cameras.synthetic.scenery import render_scenery

SIZE_WH = (720, 576)
PEOPLE_A_CAMERA = 7
"""How many people there are for each camera, if nobody says; some of them are in the corridor or away."""

_CAMERA_STREAM = 6


class World:
    """A row of rooms, a camera in each, and people who walk through them for ever.

    Args:
        seed: of everything but the people's looks.
        cameras: how many.
        pids: whose identities walk here; None = from 1, :data:`PEOPLE_A_CAMERA` for each camera.
        people_seed: of the people's looks; None = ``seed``. Worlds that share it share their people.
        size_wh: of the pictures, pixels.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        cameras: int = 4,
        pids: Sequence[int] | None = None,
        people_seed: int | None = None,
        size_wh: tuple[int, int] = SIZE_WH,
    ) -> None:
        if cameras < 1 or seed < 0:
            raise ValueError(f"expected at least one camera and a seed from 0, got {cameras} and {seed}")
        self._seed = seed
        self._people_seed = seed if people_seed is None else people_seed
        self._pids = tuple(pids if pids is not None else range(1, PEOPLE_A_CAMERA * cameras + 1))
        self.plan: FloorPlan = draw_floor_plan(seed, cameras)
        self.views = tuple(WorldCamera(self, number, _camera(seed, number, size_wh)) for number in range(cameras))

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody, in order of the pids."""
        return tuple(draw_person(self._people_seed, pid) for pid in self._pids)

    @cached_property
    def itineraries(self) -> tuple[Itinerary, ...]:
        """Everybody's round."""
        paths = draw_paths(self._seed, self.plan)
        return tuple(draw_itinerary(self._seed, person.pid, paths, person.speed) for person in self.people)

    def whereabouts(self, time_us: int) -> list[tuple[Person, Whereabouts]]:
        """Where everybody is, microseconds since the epoch."""
        return crowd(self.people, self.itineraries, time_us)

    def effects(self, number: int) -> ImageEffects:
        """Of the camera with this number, from 0."""
        return draw_effects(self._seed, number)


class WorldCamera:
    """One camera of a world. Its scenery is rendered with its first picture; not to be used by two threads at once.

    Attributes:
        name: its id, ``synthetic-1`` and so on.
        number: its place, from 0; also that of the room it hangs in.
        camera: position, lens and size.
    """

    def __init__(self, world: World, number: int, camera: Camera) -> None:
        self.name = camera_name(number)
        self.number = number
        self.camera = camera
        self._world = world

    def prepare(self) -> None:
        """Render the scenery now, so that the first frame does not take seconds."""
        _ = self._renderer

    def frame(self, time_us: int, *, effects: bool = True) -> SyntheticFrame:
        """The picture taken then, microseconds since the epoch, and its truth; the same each time."""
        people = [standing(person, where) for person, where in self._world.whereabouts(time_us)]
        rendered = self._renderer.render(people)
        truth = read_truth(rendered, self.camera, name=self.name, time_us=time_us)
        return SyntheticFrame(self._effects.apply(rendered.image, time_us) if effects else rendered.image, truth)

    @cached_property
    def _renderer(self) -> Renderer:
        middle = (self.number + 0.5) * plan_of.ROOM_WIDTH, plan_of.ROOM_DEPTH / 2 - 1.0, plan_of.HEIGHT + 0.4
        return Renderer(self.camera, render_scenery(self._world.plan, self.number, self.camera), lamp=middle)

    @cached_property
    def _effects(self) -> ImageEffects:
        return self._world.effects(self.number)


def camera_name(number: int) -> str:
    """The id of a camera, by its place from 0."""
    return f"synthetic-{number + 1}"


def _camera(seed: int, number: int, size_wh: tuple[int, int]) -> Camera:
    """High in one of the two front corners of its room, looking across it."""
    random = np.random.default_rng((seed, _CAMERA_STREAM, number))
    left = number * plan_of.ROOM_WIDTH
    from_left = bool(random.random() < 0.5)
    eye = left + (0.5 if from_left else plan_of.ROOM_WIDTH - 0.5), 0.5, float(random.uniform(2.45, 2.85))
    aside = float(random.uniform(4.2, 4.9))
    target = (
        left + (aside if from_left else plan_of.ROOM_WIDTH - aside),
        float(random.uniform(4.4, 5.0)),
        float(random.uniform(0.35, 0.65)),
    )
    return looking_at(eye, target, focal_px=size_wh[0] * float(random.uniform(0.76, 0.86)), size_wh=size_wh)
