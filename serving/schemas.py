"""The edge: what requests may hold and what answers look like, as pydantic models. They make the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, model_validator
from pydantic.json_schema import SkipJsonSchema

from serving.cursors import CURSOR_PATTERN, MAX_LIMIT
from serving.queries import MAX_K
from sightline.types import SightingFilter, to_us
from sightline.wire import CAMERA_ID

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_ATTRIBUTE = r"^[A-Za-z0-9_ .-]{1,64}:[A-Za-z0-9_ .-]{1,64}$"
_BOX = r"^\s*-?\d{1,6}(\.\d{1,6})?(\s*,\s*-?\d{1,6}(\.\d{1,6})?){3}\s*$"
MAX_CAMERAS = 256


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _written_as_time(value: Any) -> Any:
    # pydantic would also take numbers of seconds; RFC 3339 is what is promised.
    if isinstance(value, str) and ("T" in value.upper() or " " in value):
        return value
    if value is None:
        return None
    raise ValueError("expected RFC 3339, for example 2026-11-21T08:00:00Z")


CameraId = Annotated[str, Field(pattern=f"^{CAMERA_ID.pattern}$")]
Cameras = Annotated[list[CameraId], BeforeValidator(_as_list), Field(max_length=MAX_CAMERAS)]
Time = Annotated[AwareDatetime, BeforeValidator(_written_as_time)]
SightingId = Annotated[str, Field(pattern=UUID_PATTERN, json_schema_extra={"format": "uuid"})]
Score = Annotated[FiniteFloat, Field(ge=-1, le=1)]
CursorText = Annotated[str, Field(pattern=CURSOR_PATTERN)]
Absent = SkipJsonSchema[None]
"""A field that may be left out, but not null: forms and query strings know no null."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        nulls = [name for name, value in data.items() if value is None] if isinstance(data, dict) else []
        if nulls:
            raise ValueError(f"{', '.join(nulls)}: null; leave a field out instead")
        return data


class Where(_Strict):
    """Which sightings count."""

    camera: Cameras = Field(default_factory=list, description="Only these cameras; repeat it for several.")
    start: Time | Absent = Field(default=None, description="Captured at or after this time (RFC 3339, with a zone).")
    end: Time | Absent = Field(default=None, description="Captured before this time (RFC 3339, with a zone).")

    def filter(self) -> SightingFilter:
        start_us = to_us(self.start) if self.start else None
        end_us = to_us(self.end) if self.end else None
        return SightingFilter(tuple(self.camera), start_us, end_us)


class SearchFields(Where):
    """What every search takes beside the query itself."""

    k: int = Field(default=20, ge=1, le=MAX_K, description="How many matches; tracks with group_by=track.")
    min_score: Score | Absent = Field(default=None, description="Least cosine of a match.")
    group_by: Literal["none", "track"] = Field(default="none", description="track = the best match of each track.")
    attribute: Annotated[list[Annotated[str, Field(pattern=_ATTRIBUTE)]], BeforeValidator(_as_list)] = Field(
        default_factory=list,
        max_length=32,
        description="name:value, as upper_colour:red or backpack:yes, of those that the embedder tells; all must hold. "
        "A sighting's likeliest value counts; one of which it is not known does not pass.",
    )
    rerank: bool = Field(default=False, description="k-reciprocal re-ranking: adds rerank_distance, which then orders.")


class PictureForm(SearchFields):
    """Multipart form: a picture, and which person in it."""

    image: Annotated[str, Field(json_schema_extra={"format": "binary"})] = Field(description="JPEG, PNG or WebP.")
    box: Annotated[str, Field(pattern=_BOX)] | Absent = Field(
        default=None, description="x,y,w,h of the person, pixels of the upright picture; unset = the largest person found."
    )
    crop: bool = Field(default=False, description="true = the picture shows one person already.")


class SightingBody(SearchFields):
    """JSON: more like a sighting."""

    sighting_id: SightingId = Field(description="A sighting that the gallery holds.")


class EmbeddingBody(SearchFields):
    """JSON: near a vector."""

    embedding: list[FiniteFloat] | str = Field(
        description="Numbers, or base64 of little-endian float32 as in the events.", max_length=65_536
    )
    embedding_space: str = Field(description="The space that the vector is of.", min_length=1, max_length=256)


class PageFields(Where):
    """Which page of the list."""

    cursor: CursorText | Absent = Field(default=None, description="next_cursor of the page before.")
    limit: int = Field(default=50, ge=1, le=MAX_LIMIT, description="How many at most.")


Box = Annotated[list[float], Field(min_length=4, max_length=4, description="x, y, width, height in pixels.")]


class SightingOut(BaseModel):
    """One person seen once."""

    sighting_id: str
    camera: str
    time: AwareDatetime = Field(description="When the camera saw it.")
    frame_id: str = Field(description="The frame's ce_id.")
    track: str
    box: Box = Field(description="x, y, width, height in pixels of the published picture.")
    detection_score: float = Field(description="The detector's confidence.")
    quality: float = Field(description="How good the crop is for re-identification, 0 to 1.")
    attributes: dict[str, float] = Field(description="Probability by name, attribute:value; empty without attribute heads.")
    crop_url: str | None = Field(description="Where the picture of the person is; null if none was kept.")
    crop_box: Box | None = Field(description="The box in pixels of that picture, which has a margin.")


Layer = Literal["box", "skeleton", "parts"]
"""What can be drawn over a crop."""


class SightingDetail(SightingOut):
    """A sighting with its vector, and where the body was seen."""

    embedding_space: str
    embedding: str = Field(description="Base64 of little-endian float32.")
    keypoints: dict[str, list[float]] | None = Field(
        description="By joint that is seen: x and y in 0 to 1 of the box, and confidence. Null where no pose model answered."
    )
    visibility: dict[str, float] | None = Field(
        description="The part of the box that shows each part of the body, 0 to 1. Null where no dense model answered."
    )
    drawable: list[Layer] = Field(description="What the crop's draw can draw.")


class PartEvidence(BaseModel):
    """A part of the body that query and match both show."""

    part: str = Field(description="Left and right together, as torso_front or hand.")
    visible_query: float = Field(description="How much of it the query shows, 0 to 1.")
    visible_match: float = Field(description="How much of it the match shows, 0 to 1.")


class AttributeEvidence(BaseModel):
    """What is said of the query, and whether it is said of the match."""

    name: str
    value: str = Field(description="The query's likeliest value.")
    query: float = Field(description="Its probability for the query.")
    match: float = Field(description="Its probability for the match.")
    agree: bool = Field(description="Whether it is the match's likeliest value too.")


class EvidenceOut(BaseModel):
    """What speaks for a match beside the score."""

    parts: list[PartEvidence] = Field(description="Seen of both, the best seen first; empty where it is not known.")
    attributes: list[AttributeEvidence] = Field(description="The query's surest first; empty where they are not known.")


class MatchOut(SightingOut):
    """A sighting that is like the query."""

    score: float = Field(description="Cosine; higher is more alike.")
    rerank_distance: float | None = Field(
        description="By shared neighbours, 0 to 1; smaller is more alike, and orders. Null without rerank."
    )
    evidence: EvidenceOut | None = Field(description="Null where nothing but the vectors can be compared.")


class PersonOut(BaseModel):
    """Somebody found in the query's picture."""

    box: Box
    score: float = Field(description="The detector's confidence.")


class QueryOut(BaseModel):
    """What was asked, as it was understood."""

    embedding_space: str
    box: Box | None = Field(description="The person asked for, in pixels of the upright picture; null without a picture.")
    picture: list[int] | None = Field(description="Width and height of the upright picture.")
    people: list[PersonOut] = Field(description="Everybody found in the picture, largest first.")
    without: list[str] = Field(description="Stages, pose or dense, that did not answer: the question went on without them.")


class SearchOut(BaseModel):
    """Where else the person was seen."""

    query: QueryOut
    matches: list[MatchOut] = Field(description="Best first.")
    complete: bool = Field(description="false = the search gave up before it had k matches; narrow the filters.")


class SightingsOut(BaseModel):
    """A page of sightings."""

    sightings: list[SightingOut] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="Give it as cursor for the next page; null at the end.")


class CameraOut(BaseModel):
    """How a camera is doing."""

    camera: str
    fps: float = Field(description="Frames seen a second over the last ten seconds.")
    last_frame: AwareDatetime | None = Field(description="Capture time of the last frame.")
    lag_s: float | None = Field(description="Age of that frame, seconds.")
    picture: list[int] = Field(description="Width and height of its pictures.")
    seen: int = Field(description="Frames that went through the stages.")
    sightings: int
    shed: dict[str, int] = Field(description="Frames shed, by reason.")
    dead: dict[str, int] = Field(description="Dead letters, by reason.")


class CamerasOut(BaseModel):
    """All cameras that ever published."""

    cameras: list[CameraOut]


class HealthOut(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str


class MetricsTargetOut(BaseModel):
    """A process that serves its metrics, as Prometheus' HTTP discovery wants it."""

    targets: list[str] = Field(description="`host:port`.")
    labels: dict[str, str] = Field(description="`job` and `instance`.")


class ReadyOut(BaseModel):
    """All that a question needs answers."""

    status: Literal["ready"] = "ready"
    checks: dict[str, Literal["ok"]]
