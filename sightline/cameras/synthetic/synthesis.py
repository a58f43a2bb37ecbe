"""A data set of the synthetic world: many people in many rooms, as crops and as whole frames."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sightline.cameras.synthetic.crops import Crop, Usable, crops
from sightline.cameras.synthetic.dataset_page import dataset_page
from sightline.cameras.synthetic.detection_writer import DetectionWriter
from sightline.cameras.synthetic.ground_truth import SyntheticFrame
from sightline.cameras.synthetic.person import Person
from sightline.cameras.synthetic.reid_writer import ReidWriter
from sightline.cameras.synthetic.world import PEOPLE_A_CAMERA, SIZE_WH, World
from sightline.errors import ConfigurationError

_SYNTHESIS_STREAM = 7
_SPAN_US = 3_600_000_000
"""An hour, out of which the moments are drawn: no two crops are of neighbouring frames."""
_PATIENCE = 5
"""A world is left when so many times the moments have gone by that would do if everybody were always seen."""

Progress = Callable[[str, int, int], None]
"""What is being made, how many more of it, and how many in all."""


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What to make.

    Attributes:
        identities: people.
        crops_each: at most so many crops of each.
        cameras: of each world.
        seed: of everything.
        test_share: of the identities that are for the test.
        frames: whole frames for a detector.
        iuv: write maps of part ids and coordinates.
        size_wh: of the frames, pixels.
        usable: which people are worth a crop.
    """

    identities: int = 100
    crops_each: int = 12
    cameras: int = 4
    seed: int = 0
    test_share: float = 0.2
    frames: int = 200
    iuv: bool = True
    size_wh: tuple[int, int] = SIZE_WH
    usable: Usable = field(default_factory=Usable)

    @property
    def first_test_pid(self) -> int:
        """Identities from this one on are for the test."""
        return self.identities + 1 - round(self.identities * self.test_share)


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: crops, identities that have any, and whole frames."""

    crops: int
    identities: int
    frames: int


def synthesize(folder: Path, wanted: Synthesis, *, on_progress: Progress) -> Made:
    """Write the data set; the same plan makes the same files.

    Args:
        folder: a new or empty one.
        wanted: what to make.
        on_progress: is told of every crop.

    Raises:
        ConfigurationError: the folder holds something, or cannot be made.
    """
    _make(folder)
    making = _Making(folder, wanted, on_progress)
    crowd = PEOPLE_A_CAMERA * wanted.cameras
    worlds = math.ceil(wanted.identities / crowd)
    people: list[Person] = []
    for number in range(worlds):
        pids = range(number * crowd + 1, min(wanted.identities, (number + 1) * crowd) + 1)
        seed = wanted.seed * 10_007 + number
        world = World(seed, cameras=wanted.cameras, pids=pids, people_seed=wanted.seed, size_wh=wanted.size_wh)
        making.world(world, number, frames=wanted.frames * (number + 1) // worlds)
        people += world.people
    made = making.finish(people)
    page = dataset_page(wanted.seed, wanted.cameras, wanted.first_test_pid, made.crops, made.frames)
    (folder / "README.md").write_text(page, encoding="utf-8")
    return made


class _Making:
    """A data set that is being written, world after world."""

    def __init__(self, folder: Path, wanted: Synthesis, on_progress: Progress) -> None:
        self._wanted = wanted
        self._on_progress = on_progress
        self._reid = ReidWriter(folder, first_test_pid=wanted.first_test_pid, iuv=wanted.iuv)
        self._detection = DetectionWriter(folder / "detection") if wanted.frames else None
        self._crops: Counter[int] = Counter()
        self._by_camera: Counter[tuple[int, int]] = Counter()

    def world(self, world: World, number: int, *, frames: int) -> None:
        """Crops of one world until everybody has enough or patience ends; and frames, until there are so many in all."""
        random = np.random.default_rng((self._wanted.seed, _SYNTHESIS_STREAM, number))
        for moment, camera, frame in _frames(world, random, self._wanted.crops_each * _PATIENCE):
            if self._detection is not None and len(self._detection) < frames:
                self._detection.add(frame)
            for crop in crops(frame, self._wanted.usable, random):
                self._add(crop, camera=camera + 1, sequence=number + 1, moment=moment)
            waiting = self._detection is not None and len(self._detection) < frames
            if not waiting and all(self._crops[person.pid] >= self._wanted.crops_each for person in world.people):
                return

    def finish(self, people: list[Person]) -> Made:
        """Write the tables."""
        self._reid.finish(people)
        if self._detection is not None:
            self._detection.finish()
        return Made(len(self._reid), len(self._crops), 0 if self._detection is None else len(self._detection))

    def _add(self, crop: Crop, *, camera: int, sequence: int, moment: int) -> None:
        """Unless there are enough of this person, or of them in this camera."""
        enough = self._wanted.crops_each
        if self._crops[crop.pid] >= enough or self._by_camera[crop.pid, camera] >= math.ceil(enough / 2):
            return
        self._reid.add(crop, camera=camera, sequence=sequence, frame=moment)
        self._crops[crop.pid] += 1
        self._by_camera[crop.pid, camera] += 1
        self._on_progress("crops", 1, self._wanted.identities * enough)


def _frames(world: World, random: np.random.Generator, moments: int) -> Iterator[tuple[int, int, SyntheticFrame]]:
    """(moment, camera, frame) of all cameras at random moments."""
    for moment in range(moments):
        time_us = int(random.integers(_SPAN_US))
        for view in world.views:
            yield moment, view.number, view.frame(time_us)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        full = any(folder.iterdir())
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be made: {error.strerror}: name another folder") from error
    if full:
        raise ConfigurationError(f"{folder} is not empty: name a new folder, or empty this one")
