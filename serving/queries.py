"""What is asked and what is answered, as plain data inside the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sightline.types import Detections, Float32Array, Match, SightingFilter, UInt8Array

Box = tuple[float, float, float, float]
GroupBy = Literal["none", "track"]
MAX_K = 1000


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to look.

    Attributes:
        k: how many matches are wanted, 1 to :data:`MAX_K`; tracks with ``group_by="track"``.
        where: which sightings count.
        min_score: least cosine of a match.
        group_by: ``track`` gives the best match of each track.
        rerank: order the matches by the neighbours that they share with the query, see :mod:`serving.rerank`.
    """

    k: int = 20
    where: SightingFilter = field(default_factory=SightingFilter)
    min_score: float | None = None
    group_by: GroupBy = "none"
    rerank: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PictureQuery:
    """A person in a picture: in ``box_xywh``, else all of it (``whole``), else the largest person found.

    Attributes:
        image: uint8 RGB (H, W, 3), upright.
        box_xywh: x, y, width, height in pixels of ``image``.
        whole: the picture shows one person already.
    """

    image: UInt8Array
    box_xywh: Box | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the person asked for, beside the vector.

    Attributes:
        attributes: ``attribute:value`` -> probability.
        visibility: float32 (24,), see :mod:`sightline.stages.visibility`; None = unknown.
    """

    attributes: Mapping[str, float] = field(default_factory=dict)
    visibility: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What was found.

    Attributes:
        space: name of the embedding space that was searched.
        matches: best first.
        complete: False where the bound on what one question may fetch was reached before ``k`` matches were.
        box_xywh: the person asked for, in pixels of the query's picture; None without a picture.
        people: everybody found in that picture, largest first; None where nobody was looked for.
        picture_wh: width and height of the query's picture, pixels.
        known: of the person asked for; nothing for a bare vector.
        without: stages of the deployment that did not answer for this question.
    """

    space: str
    matches: list[Match]
    complete: bool
    box_xywh: Box | None = None
    people: Detections | None = None
    picture_wh: tuple[int, int] | None = None
    known: Known = field(default_factory=Known)
    without: tuple[str, ...] = ()
