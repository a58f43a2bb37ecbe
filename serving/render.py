"""Domain data to answers."""

from __future__ import annotations

from typing import Any

from serving.cameras import CameraFigures
from serving.queries import Answer
from serving.schemas import (
    CameraOut,
    MatchOut,
    PersonOut,
    QueryOut,
    SearchOut,
    SightingDetail,
    SightingOut,
)
from sightline.geometry import xyxy_to_xywh
from sightline.types import Match, Sighting, to_datetime
from sightline.wire import vector_to_base64


def sighting_out(sighting: Sighting) -> SightingOut:
    """A sighting without its vector."""
    return SightingOut(**_fields(sighting))


def sighting_detail(sighting: Sighting) -> SightingDetail:
    """A sighting with its vector."""
    vector = vector_to_base64(sighting.embedding)
    return SightingDetail(**_fields(sighting), embedding_space=sighting.space, embedding=vector)


def match_out(match: Match) -> MatchOut:
    """A match; its cosine is cut to [-1, 1], which float32 may leave by a rounding."""
    score = min(1.0, max(-1.0, float(match.score)))
    return MatchOut(**_fields(match.sighting), score=score, rerank_distance=match.rerank_distance)


def search_out(answer: Answer) -> SearchOut:
    """The whole answer to a question."""
    people = []
    if answer.people is not None:
        boxes = xyxy_to_xywh(answer.people.boxes_xyxy).tolist()
        people = [PersonOut(box=box, score=float(score)) for box, score in zip(boxes, answer.people.scores, strict=True)]
    query = QueryOut(
        embedding_space=answer.space,
        box=list(answer.box_xywh) if answer.box_xywh else None,
        picture=list(answer.picture_wh) if answer.picture_wh else None,
        people=people,
    )
    return SearchOut(query=query, matches=[match_out(match) for match in answer.matches], complete=answer.complete)


def camera_out(figures: CameraFigures) -> CameraOut:
    """One camera's figures, rounded to what they are worth."""
    captured = figures.captured_at_us
    return CameraOut(
        camera=figures.camera,
        fps=round(figures.fps, 2),
        last_frame=None if captured is None else to_datetime(captured),
        lag_s=None if figures.lag_s is None else round(figures.lag_s, 3),
        picture=list(figures.picture_wh),
        seen=figures.seen,
        sightings=figures.sightings,
        shed=dict(figures.shed),
        dead=dict(figures.dead),
    )


def _fields(sighting: Sighting) -> dict[str, Any]:
    return {
        "sighting_id": sighting.sighting_id,
        "camera": sighting.camera,
        "time": to_datetime(sighting.captured_at_us),
        "frame_id": sighting.frame_id,
        "track": sighting.track,
        "box": list(sighting.box_xywh),
        "detection_score": sighting.score,
        "quality": sighting.quality,
        "attributes": dict(sighting.attributes),
        "crop_url": f"/v1/sightings/{sighting.sighting_id}/crop" if sighting.crop_key else None,
        "crop_box": list(sighting.crop_box_xywh) if sighting.crop_box_xywh else None,
    }
