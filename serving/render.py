"""Domain data to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serving.cameras import CameraFigures
from serving.evidence import evidence_for
from serving.queries import Answer, Known
from serving.schemas import (
    CameraOut,
    Layer,
    MatchOut,
    PersonOut,
    QueryOut,
    SearchOut,
    SightingDetail,
    SightingOut,
)
from sightline.body_model.parts import PARTS
from sightline.geometry import xyxy_to_xywh
from sightline.skeleton import JOINTS
from sightline.types import Float32Array, Match, Sighting, to_datetime
from sightline.wire import rounded, vector_to_base64


def sighting_out(sighting: Sighting) -> SightingOut:
    """A sighting without its vector."""
    return SightingOut(**_fields(sighting))


def sighting_detail(sighting: Sighting, drawable: Sequence[Layer]) -> SightingDetail:
    """A sighting with its vector; ``drawable`` is what can be drawn over its crop."""
    return SightingDetail(
        **_fields(sighting),
        embedding_space=sighting.space,
        embedding=vector_to_base64(sighting.embedding),
        keypoints=None if sighting.keypoints is None else _keypoints(sighting.keypoints),
        visibility=None if sighting.visibility is None else dict(zip(PARTS[1:], rounded(sighting.visibility), strict=True)),
        drawable=list(drawable),
    )


def match_out(match: Match, known: Known) -> MatchOut:
    """A match for who is ``known``; its cosine is cut to [-1, 1], which float32 may leave by a rounding."""
    score = min(1.0, max(-1.0, float(match.score)))
    evidence = evidence_for(known, match.sighting)
    return MatchOut(**_fields(match.sighting), score=score, rerank_distance=match.rerank_distance, evidence=evidence)


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
        without=list(answer.without),
    )
    matches = [match_out(match, answer.known) for match in answer.matches]
    return SearchOut(query=query, matches=matches, complete=answer.complete)


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


def _keypoints(keypoints: Float32Array) -> dict[str, list[float]]:
    return {joint: rounded(point) for joint, point in zip(JOINTS, keypoints, strict=False) if point[2] > 0}


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
