"""A row of an export: one crop of one person, who that is taken to be, and what its sighting says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sightline.types import Float32Array

TABLE = "crops.parquet"
"""The table's name in an export's folder; the crops lie beside it as ``crops/<camera>/<sighting id>.jpg``."""


@dataclass(frozen=True, slots=True, eq=False)
class ExportedCrop:
    """One crop.

    Attributes:
        sighting_id, camera, frame_id, captured_at_us, track, score, quality: see :class:`sightline.types.Sighting`.
        identity: who it is: the track, or what the operator's corrections say.
        crop: its file, relative to the export's folder.
        box_xywh: the person in pixels of that picture, which has a margin; None = all of it.
        keypoints: float32 (K, 3): x, y in [0, 1] of the box and confidence; None = the stream had no pose model.
        attributes: name -> probability, as the model said; no labels.
    """

    sighting_id: str
    identity: str
    camera: str
    frame_id: str
    captured_at_us: int
    track: str
    crop: str
    box_xywh: tuple[float, float, float, float] | None
    score: float
    quality: float
    keypoints: Float32Array | None = None
    attributes: Mapping[str, float] = field(default_factory=dict)
