"""Who is on which picture: what every reader of a data set gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sightline.errors import ConfigurationError

JUNK, DISTRACTOR = -1, 0
"""The pids of a bad box, and of somebody whom nobody looks for."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A crop of one person.

    Attributes:
        path: its file.
        pid: the identity; -1 = junk (a bad box), 0 = a distractor, who is nobody that is looked for.
        camid: the camera, 1 and up.
        known_as: what annotations are joined by, where the file's name alone would not do (``0001/cam1_07``).
        box_xywh: where the person is in the file, pixels; None = the file shows the person and no margin.
    """

    path: Path
    pid: int
    camid: int
    known_as: str | None = None
    box_xywh: tuple[float, float, float, float] | None = None

    @property
    def name(self) -> str:
        """What annotations are joined by: the file's name without its ending, unless the set has reason to say otherwise."""
        return self.known_as or self.path.stem


@dataclass(frozen=True, slots=True)
class ReidSet:
    """A data set, split as its authors split it.

    Attributes:
        name: for reports.
        train: pictures of the identities to learn from; neither junk nor distractors.
        query: pictures to look for; may be empty, where nobody was seen by two cameras.
        gallery: pictures to look among.
    """

    name: str
    train: tuple[Picture, ...]
    query: tuple[Picture, ...]
    gallery: tuple[Picture, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All of them: train, query, gallery."""
        return self.train + self.query + self.gallery


def checked(reid_set: ReidSet) -> ReidSet:
    """The set, if it can be trained on; every reader ends with it.

    Raises:
        ConfigurationError: nobody to learn from, junk or a distractor among them, or a name that two pictures share
            (annotations could not be told apart, or a test picture would be trained on).
    """
    if not reid_set.train:
        raise ConfigurationError(f"{reid_set.name} has no training picture: is its training folder empty?")
    nobody = [picture for picture in reid_set.train if picture.pid in (JUNK, DISTRACTOR)]
    if nobody:
        raise ConfigurationError(
            f"{reid_set.name}: {len(nobody)} training pictures are junk (pid -1) or distractors (pid 0), such as "
            f"{nobody[0].path}: take them out of the training folder"
        )
    twice = names_twice(reid_set.pictures)
    if twice:
        where = ", ".join(str(picture.path) for picture in reid_set.pictures if picture.name == twice[0])
        raise ConfigurationError(f"{reid_set.name}: {len(twice)} names stand for several pictures ({where}): rename them")
    return reid_set


def names_twice(pictures: Iterable[Picture]) -> list[str]:
    """Names that more than one picture has, in order."""
    return [name for name, count in Counter(picture.name for picture in pictures).items() if count > 1]
