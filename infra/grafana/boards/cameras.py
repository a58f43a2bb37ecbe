"""Cameras: who publishes, what becomes of the frames, and what is done about too many of them."""

from __future__ import annotations

from infra.grafana.board import Board, Kind, Panel, Section, Variable
from sightline.operations.figure import Thresholds
from sightline.operations.figures import CAMERAS, KAFKA

_OF = 'camera=~"$camera"'

_FRAMES = Section(
    "Frames",
    (
        Panel(
            number=1,
            title="Frames seen by camera",
            queries={"{{camera}}": f'camera_outcome:sightline_frames:rate1m{{outcome="seen", {_OF}}}'},
            unit="suffix:/s",
            description="What each camera publishes, as far as it was neither shed nor unusable.",
        ),
        Panel(
            number=2,
            title="Frames by outcome",
            queries={"{{outcome}}": f"sum by (outcome) (camera_outcome:sightline_frames:rate1m{{{_OF}}})"},
            unit="suffix:/s",
            description="Every frame has one outcome: seen, shed or dead letter. Together they are what was published.",
            kind=Kind.STACK,
        ),
        Panel(
            number=3,
            title="Silent for",
            queries={"{{camera}}": f"time() - camera:sightline_last_frame_timestamp_seconds:max{{{_OF}}}"},
            unit="s",
            description="Since a camera's last frame was read. It grows where camera, network or publisher is gone.",
            thresholds=Thresholds(warn=60, bad=300),
            alerts=("SightlineCameraSilent",),
        ),
    ),
)

_TOO_MANY_FRAMES = Section(
    "Too many frames",
    (
        Panel(
            number=11,
            title="Frames waiting",
            queries={"all partitions": "sum(sightline:lag_messages:sum)"},
            unit="none",
            description="Frames in Kafka that no camera stream has read. A line that keeps rising: more comes than is done.",
            thresholds=Thresholds(warn=100, bad=1000),
            alerts=("SightlineLagGrowing",),
            dashboard=KAFKA,
        ),
        Panel(
            number=12,
            title="Frames shed by camera",
            queries={"{{camera}}": f"camera:sightline_frames_shed:ratio_rate5m{{{_OF}}}"},
            unit="percentunit",
            description="Part of a camera's frames that were too old when their turn came (live mode).",
            thresholds=Thresholds(warn=0.02, bad=0.1),
            alerts=("SightlineShedRateHigh",),
        ),
        Panel(
            number=13,
            title="Frames shed by reason",
            queries={"{{reason}}": f"sum by (reason) (rate(sightline_shed_frames_total{{{_OF}}}[$__rate_interval]))"},
            unit="suffix:/s",
            description="stale: a newer frame of the camera waited. Other reasons are named as the stream names them.",
            kind=Kind.STACK,
        ),
        Panel(
            number=14,
            title="Frames in flight",
            queries={"{{instance}}": "sum by (instance) (sightline_in_flight_frames)"},
            unit="none",
            description="Read and not yet committed, by camera stream. At stream.max_in_flight_frames it stops reading.",
        ),
        Panel(
            number=15,
            title="Decoded pictures in flight",
            queries={"{{instance}}": "sum by (instance) (sightline_in_flight_bytes)"},
            unit="bytes",
            description="Memory that frames in flight take. At stream.max_in_flight_bytes partitions are paused.",
        ),
        Panel(
            number=16,
            title="Partitions paused",
            queries={"{{instance}}": "sum by (instance) (sightline_paused_partitions)"},
            unit="none",
            description="Partitions that a camera stream has stopped reading until there is room again.",
            thresholds=Thresholds(warn=1, bad=12),
        ),
    ),
)

_PEOPLE = Section(
    "People",
    (
        Panel(
            number=21,
            title="People detected by camera",
            queries={"{{camera}}": f"sum by (camera) (rate(sightline_detections_total{{{_OF}}}[$__rate_interval]))"},
            unit="suffix:/s",
            description="Detections in all frames. Zero at a busy place: the camera looks elsewhere, or its picture is dark.",
        ),
        Panel(
            number=22,
            title="Sightings by camera",
            queries={"{{camera}}": f"sum by (camera) (rate(sightline_sightings_total{{{_OF}}}[$__rate_interval]))"},
            unit="suffix:/s",
            description="What the sampler took of the people detected: the rows that Milvus gets.",
        ),
        Panel(
            number=23,
            title="Searchable after, by camera, p95",
            queries={"{{camera}}": f"camera:sightline_capture_to_searchable_seconds:p95_5m{{{_OF}}}"},
            unit="s",
            description="From capture to searchable. One camera above the others: its clock is wrong, or its network slow.",
            thresholds=Thresholds(warn=1.5, bad=2),
        ),
    ),
)

_TROUBLE = Section(
    "Trouble",
    (
        Panel(
            number=31,
            title="Dead letters by reason",
            queries={"{{reason}}": "sum by (reason) (increase(sightline_dead_letters_total[5m]))"},
            unit="none",
            description="Frames of five minutes that could not be used. Each is in the topic dead-letters with its reason.",
            thresholds=Thresholds(warn=1, bad=10),
            alerts=("SightlineDeadLetters",),
        ),
        Panel(
            number=32,
            title="Calls repeated",
            queries={"{{service}}": "sum by (service) (increase(sightline_retries_total[5m]))"},
            unit="none",
            description="Calls of the camera streams that failed and were made again, in five minutes, by server.",
            thresholds=Thresholds(warn=1, bad=50),
        ),
        Panel(
            number=33,
            title="Partitions reassigned",
            queries={"{{instance}}": "sum by (instance) (increase(sightline_rebalances_total[5m]))"},
            unit="none",
            description="Changes of a camera stream's partitions in five minutes. Not only at a start: members come and go.",
            thresholds=Thresholds(warn=3, bad=10),
        ),
    ),
)

BOARD = Board(
    uid=CAMERAS,
    title="Sightline / Cameras",
    description="Each camera's frames: seen, shed, dead or missing; people and sightings; how the camera streams do.",
    variables=(Variable("camera", "Camera", "label_values(sightline_frames_total, camera)"),),
    sections=(_FRAMES, _TOO_MANY_FRAMES, _PEOPLE, _TROUBLE),
)
