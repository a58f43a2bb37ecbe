"""A small world, and one person alone before a camera."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from sightline.cameras.synthetic.buffers import FINER
from sightline.cameras.synthetic.camera import Camera, looking_at
from sightline.cameras.synthetic.crowd import Standing
from sightline.cameras.synthetic.gait import posture
from sightline.cameras.synthetic.ground_truth import FrameTruth
from sightline.cameras.synthetic.person import draw_person
from sightline.cameras.synthetic.reading import read_truth
from sightline.cameras.synthetic.renderer import Renderer
from sightline.cameras.synthetic.scenery import Scenery
from sightline.cameras.synthetic.world import World

SIZE_WH = (240, 320)
FACING, AWAY = -math.pi / 2, math.pi / 2
"""Headings, for a camera that looks along the world's y."""


@pytest.fixture(scope="session")
def small_world() -> World:
    return World(5, cameras=2, size_wh=(360, 288))


@pytest.fixture(scope="session")
def camera() -> Camera:
    return looking_at((0.0, -5.0, 1.3), (0.0, 0.0, 0.95), focal_px=700.0, size_wh=SIZE_WH)


@pytest.fixture(scope="session")
def truth_of(camera: Camera) -> Callable[..., FrameTruth]:
    """``truth_of(standing(…), …)``: of these people in an empty, endless room."""
    width, height = SIZE_WH
    empty = Scenery(
        np.full((height, width, 3), 128, np.uint8),
        np.full((height * FINER, width * FINER), np.inf, np.float32),
        np.zeros((height, width), np.bool_),
    )
    renderer = Renderer(camera, empty, lamp=(0.0, -2.0, 3.0))

    def truth(*people: Standing) -> FrameTruth:
        return read_truth(renderer.render(people), camera, name="c", time_us=0)

    return truth


@pytest.fixture(scope="session")
def stand() -> Callable[..., Standing]:
    """``stand(pid, heading, y=0.0, phase=0.0, vigour=0.0)``."""

    def stand(pid: int, heading: float, *, x: float = 0.0, y: float = 0.0, phase: float = 0.0, vigour: float = 0.0) -> Standing:
        person = draw_person(0, pid)
        return Standing(person, (x, y), heading, posture(person.measures, phase, vigour))

    return stand
