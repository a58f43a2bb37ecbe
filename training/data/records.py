"""Who is on which picture: what every reader of a data set gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Picture:
    """A crop of one person.

    Attributes:
        path: its file.
        pid: the identity; -1 = junk (a bad box), 0 = a distractor, who is nobody that is looked for.
        camid: the camera, 1 and up.
    """

    path: Path
    pid: int
    camid: int

    @property
    def name(self) -> str:
        """The file's name without its ending: what annotations are joined by."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class ReidSet:
    """A data set, split as its authors split it.

    Attributes:
        name: for reports.
        train: pictures of the identities to learn from; neither junk nor distractors.
        query: pictures to look for.
        gallery: pictures to look among.
    """

    name: str
    train: tuple[Picture, ...]
    query: tuple[Picture, ...]
    gallery: tuple[Picture, ...]
