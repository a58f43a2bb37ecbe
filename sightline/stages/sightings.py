"""Sightings made of what the stages found."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.geometry import xyxy_to_xywh
from sightline.stages.following import Chosen
from sightline.stages.perception import Appearance
from sightline.stages.stored_crop import StoredCrop
from sightline.types import Frame, Sighting, sighting_id, to_datetime


def crop_key(camera: str, captured_at_us: int, sighting: str) -> str:
    """Where the blob store keeps a sighting's crop: ``<camera>/<UTC day>/<sighting id>.jpg``.

    By camera and day, so that what is too old for a camera can be removed a folder at a time.
    """
    return f"{camera}/{to_datetime(captured_at_us):%Y-%m-%d}/{sighting}.jpg"


def make_sighting(
    frame: Frame, chosen: Chosen, appearance: Appearance, row: int, *, crop: StoredCrop, attributes: Sequence[str]
) -> Sighting:
    """The sighting of the ``row``-th chosen person of a frame; ``attributes`` names the embedder's attributes."""
    x, y, width, height = (float(value) for value in xyxy_to_xywh(chosen.boxes_xyxy[row]))
    name = sighting_id(frame.camera, frame.frame_id, int(chosen.indices[row]))
    probabilities = appearance.embeddings.attributes[row]
    return Sighting(
        sighting_id=name,
        camera=frame.camera,
        frame_id=frame.frame_id,
        captured_at_us=frame.captured_at_us,
        track=chosen.tracks[row],
        box_xywh=(x, y, width, height),
        score=float(chosen.scores[row]),
        quality=float(chosen.quality[row]),
        embedding=appearance.embeddings.vectors[row],
        space=appearance.embeddings.space,
        crop_key=crop_key(frame.camera, frame.captured_at_us, name),
        crop_box_xywh=crop.box_xywh,
        keypoints=None if appearance.keypoints is None else appearance.keypoints[row],
        attributes={one: round(float(p), 4) for one, p in zip(attributes, probabilities, strict=False)},
        visibility=None if appearance.visibility is None else appearance.visibility[row],
    )
