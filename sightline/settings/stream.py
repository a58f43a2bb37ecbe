"""How frames become searchable: the camera streams, the writers, and the rules by which people are followed and sampled."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sightline.settings.section import Section


class StreamSettings(Section):
    mode: Literal["live", "replay"] = "live"
    """``live`` sheds stale frames and counts them; ``replay`` sheds nothing."""
    group_id: str = "sightline-stream"
    workers: int = Field(default=1, ge=1, le=64)
    """Camera streams: members of the consumer group."""
    sample: Literal["tracks", "all"] = "tracks"
    """``all`` keeps every detection that a track took, for scoring: a faint one begins no track, and may be nobody."""
    max_in_flight_frames: int = Field(default=64, ge=1)
    """Per camera stream, from reading to commit; reached = its partitions are paused."""
    max_in_flight_bytes: int = Field(default=256 * 1024 * 1024, ge=1024 * 1024)
    """Of decoded pictures, per camera stream."""
    stale_after_s: float = Field(default=2.0, gt=0)
    """Live mode: a frame older than this is shed when a newer one of its camera is waiting."""
    commit_interval_s: float = Field(default=0.2, gt=0, le=5.0)
    max_frames_per_commit: int = Field(default=64, ge=1)
    transaction_timeout_s: float = Field(default=15.0, gt=1)
    session_timeout_s: float = Field(default=10.0, ge=6)
    """How long a silent camera stream keeps its partitions."""
    cameras: tuple[str, ...] | None = None
    """Ids of the cameras that may publish; unset = any. A frame of another goes to the dead letters."""
    max_cameras_per_partition: int = Field(default=256, ge=1)
    """Each has a state in memory: a publisher that invents camera ids must not fill it."""
    max_image_bytes: int = Field(default=8 * 1024 * 1024, ge=1)
    max_image_pixels: int = Field(default=40_000_000, ge=1)
    max_image_side: int = Field(default=16_384, ge=1)
    crop_margin: float = Field(default=0.2, ge=0, le=1)
    """How much wider and taller than the box the stored crop is."""
    crop_jpeg_quality: int = Field(default=98, ge=50, le=100)
    """With full colour resolution. At 98 a stored crop embeds again to a cosine of 0.99; at 95 a tenth of them do not."""
    crop_max_height_px: int = Field(default=512, ge=64)
    """Taller crops are stored smaller: no model here sees more rows."""


class DetectionSettings(Section):
    min_score: float = Field(default=0.1, ge=0, le=1)
    """Below it a box is not a detection at all (the tracker still uses faint ones to keep a track)."""
    min_height_px: float = Field(default=24.0, ge=1)
    """Smaller people are not worth an embedding: tracked, never sampled."""


class TrackerSettings(Section):
    """What a track may be matched with; see ``sightline/stages/tracker.py``."""

    high_score: float = Field(default=0.5, ge=0, le=1)
    new_track_score: float = Field(default=0.5, ge=0, le=1)
    motion_gate: float = Field(default=6.0, gt=0)
    """Squared Mahalanobis distance, four degrees of freedom, up to which a detection can be a track's: 6 lets four of five
    through, and those who step out of their boxes between two frames with them."""
    match_iou: float = Field(default=0.2, ge=0, le=1)
    """A box that overlaps by so much can be the track's as well."""
    colour_weight: float = Field(default=120.0, ge=0)
    """Of the difference of two people's colours (0 to about 1) beside the motion; 0 = colours do not matter."""
    faint_match_iou: float = Field(default=0.5, ge=0, le=1)
    forget_after_s: float = Field(default=2.0, gt=0)
    max_tracks: int = Field(default=512, ge=1)
    """Per camera; beyond it the longest unseen are forgotten."""


class SamplerSettings(Section):
    """When a track gives a sighting; see ``sightline/stages/sampler.py``."""

    min_quality: float = Field(default=0.2, ge=0, le=1)
    better_by: float = Field(default=1.2, ge=1)
    """A crop this many times better than the track's best is taken before its time."""
    min_gap_s: float = Field(default=0.4, ge=0)
    first_interval_s: float = Field(default=1.0, gt=0)
    interval_growth: float = Field(default=2.0, ge=1)
    """Each sample makes the next wait this many times longer, up to ``max_interval_s``."""
    max_interval_s: float = Field(default=60.0, gt=0)


class WriterSettings(Section):
    group_id: str = "sightline-writer"
    workers: int = Field(default=1, ge=1, le=64)
    max_batch_size: int = Field(default=256, ge=1)
    max_wait_s: float = Field(default=0.05, gt=0)
    """How long a batch waits to fill once its first sighting is there; meanwhile it is not searchable."""
    session_timeout_s: float = Field(default=10.0, ge=6)
    """How long a silent writer keeps its partitions."""
