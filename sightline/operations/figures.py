"""The overview's figures, the most telling first: the one list that terminal, web page and Grafana show.

Expressions are made of what ``infra/prometheus/rules/recording.yml`` records, so that figures and alerts never disagree.
What never happened has no series: where that means 0, ``or`` says so as long as those who would count it are there.
"""

from __future__ import annotations

from sightline.operations.figure import Figure, Thresholds, Unit

OVERVIEW = "sightline-overview"
CAMERAS = "sightline-cameras"
STAGES = "sightline-stages"
RETRIEVAL = "sightline-retrieval"
KAFKA = "sightline-kafka"
CLUSTER = "sightline-cluster"
TRAINING = "sightline-training"
"""Uids of the dashboards: links lead to them, so they stay."""

_FRAMES = "camera_outcome:sightline_frames:rate1m"
_SEARCH = '{route="/v1/search"}'
_LAST_FRAME = "camera:sightline_last_frame_timestamp_seconds:max"
_TARGETS = 'up{job=~"sightline-(stream|stage|writer|api)|kafka|triton|milvus|ray"}'

FIGURES = (
    Figure(
        key="alerts",
        title="Alerts firing",
        expression='count(count by (alertname) (ALERTS{alertstate="firing"})) or vector(0)',
        unit=Unit.COUNT,
        thresholds=Thresholds(warn=1, bad=3),
        description="Alerts whose condition has held for as long as they wait. Each has a section in the runbook.",
        dashboard=OVERVIEW,
    ),
    Figure(
        key="down",
        title="Parts not answering",
        expression=f"count({_TARGETS} == 0) or 0 * count({_TARGETS})",
        unit=Unit.COUNT,
        thresholds=Thresholds(warn=0.5, bad=1),
        description="Servers and processes of ours that Prometheus knows and could not ask when it last tried.",
        dashboard=OVERVIEW,
        alert="SightlineTargetDown",
    ),
    Figure(
        key="cameras_silent",
        title="Cameras silent",
        expression=f"count(time() - {_LAST_FRAME} > 300) or 0 * count({_LAST_FRAME})",
        unit=Unit.COUNT,
        thresholds=Thresholds(warn=1, bad=3),
        description="Cameras that published before and of which no frame has come for five minutes.",
        dashboard=CAMERAS,
        alert="SightlineCameraSilent",
    ),
    Figure(
        key="frames",
        title="Frames seen",
        expression=f'sum({_FRAMES}{{outcome="seen"}})',
        unit=Unit.PER_SECOND,
        description="Frames that went through the stages and were committed, of all cameras.",
        dashboard=CAMERAS,
    ),
    Figure(
        key="people",
        title="People detected",
        expression="sum(rate(sightline_detections_total[1m]))",
        unit=Unit.PER_SECOND,
        description="Detections in all frames: how busy the pictures are. Work grows with it.",
        dashboard=CAMERAS,
    ),
    Figure(
        key="sightings",
        title="Sightings",
        expression="sum(rate(sightline_sightings_total[1m]))",
        unit=Unit.PER_SECOND,
        description="Sightings that the stream committed: what the sampler took of the people detected.",
        dashboard=CAMERAS,
    ),
    Figure(
        key="shed",
        title="Frames shed",
        expression=f'(sum({_FRAMES}{{outcome="shed"}}) or 0 * sum({_FRAMES})) / (sum({_FRAMES}) > 0)',
        unit=Unit.RATIO,
        thresholds=Thresholds(warn=0.02, bad=0.1),
        description="Part of the frames that live mode passed over because newer ones waited: more comes than is done.",
        dashboard=CAMERAS,
        alert="SightlineShedRateHigh",
    ),
    Figure(
        key="dead_letters",
        title="Dead letters",
        expression="60 * sum(rate(sightline_dead_letters_total[5m]))",
        unit=Unit.PER_MINUTE,
        thresholds=Thresholds(warn=0.2, bad=1),
        description="Frames that could not be used at all. The Cameras dashboard has their reasons.",
        dashboard=CAMERAS,
        alert="SightlineDeadLetters",
    ),
    Figure(
        key="lag_frames",
        title="Frames waiting",
        expression="sum(sightline:lag_messages:sum)",
        unit=Unit.COUNT,
        thresholds=Thresholds(warn=100, bad=1000),
        description="Frames in Kafka that no camera stream has read yet. In replay mode a long queue is as it should be.",
        dashboard=KAFKA,
        alert="SightlineLagGrowing",
    ),
    Figure(
        key="lag_seconds",
        title="Age when read",
        expression="max(sightline:lag_seconds:max)",
        unit=Unit.SECONDS,
        thresholds=Thresholds(warn=2, bad=10),
        description="How old the last frame was when it was read, of the partition that is farthest behind.",
        dashboard=KAFKA,
        alert="SightlineLagGrowing",
    ),
    Figure(
        key="in_flight",
        title="Frames in flight",
        expression="sum(sightline_in_flight_frames)",
        unit=Unit.COUNT,
        description="Frames that were read and are not committed yet. At stream.max_in_flight_frames partitions are paused.",
        dashboard=CAMERAS,
    ),
    Figure(
        key="searchable_p50",
        title="Searchable after, p50",
        expression="max(sightline:capture_to_searchable_seconds:p50_5m)",
        unit=Unit.SECONDS,
        thresholds=Thresholds(warn=1, bad=2),
        description="Half of all sightings could be found in less time than this after the camera took the frame.",
        dashboard=RETRIEVAL,
        alert="SightlineSearchableFastBurn",
    ),
    Figure(
        key="searchable_p95",
        title="Searchable after, p95",
        expression="max(sightline:capture_to_searchable_seconds:p95_5m)",
        unit=Unit.SECONDS,
        thresholds=Thresholds(warn=1.5, bad=2),
        description="95 of 100 sightings could be found in less time than this after the camera took the frame.",
        dashboard=RETRIEVAL,
        alert="SightlineSearchableFastBurn",
    ),
    Figure(
        key="write_p95",
        title="Milvus writes, p95",
        expression="max(sightline:write_seconds:p95_5m)",
        unit=Unit.SECONDS,
        thresholds=Thresholds(warn=1, bad=5),
        description="95 of 100 batches of sightings were in the gallery in less time than this, as the writer measures it.",
        dashboard=RETRIEVAL,
        alert="SightlineMilvusWriteSlow",
    ),
    Figure(
        key="search_p95",
        title="Milvus searches, p95",
        expression='max(stage:sightline_search_stage_seconds:p95_5m{stage="gallery"})',
        unit=Unit.SECONDS,
        thresholds=Thresholds(warn=0.5, bad=2),
        description="95 of 100 searches of the gallery took less time than this, as the API measures it.",
        dashboard=RETRIEVAL,
        alert="SightlineMilvusSearchSlow",
    ),
    Figure(
        key="questions",
        title="Questions",
        expression=f"sum(rate(sightline_http_requests_total{_SEARCH}[1m]))",
        unit=Unit.PER_SECOND,
        description="Searches that people and programs asked for, answered well or not.",
        dashboard=RETRIEVAL,
    ),
    Figure(
        key="questions_p95",
        title="Answers, p95",
        expression=f"max(route:sightline_http_request_seconds:p95_5m{_SEARCH})",
        unit=Unit.SECONDS,
        thresholds=Thresholds(warn=1, bad=3),
        description="95 of 100 searches were answered in less time than this, models and gallery included.",
        dashboard=RETRIEVAL,
    ),
    Figure(
        key="question_errors",
        title="Requests failed",
        expression="max(sightline:http_errors:ratio_rate5m)",
        unit=Unit.RATIO,
        thresholds=Thresholds(warn=0.01, bad=0.05),
        description="Part of all HTTP requests that ended in a server error.",
        dashboard=RETRIEVAL,
        alert="SightlineApiErrors",
    ),
    Figure(
        key="triton_queue",
        title="Queue at Triton",
        expression="max(model:triton_queue_seconds:mean5m)",
        unit=Unit.SECONDS,
        thresholds=Thresholds(warn=0.1, bad=0.5),
        description="How long a request waits for its model on average, of the model that keeps requests waiting longest.",
        dashboard=STAGES,
        alert="SightlineTritonQueueLong",
    ),
    Figure(
        key="hosts",
        title="Hosts alive",
        expression="sum(max by (node_type) (ray_cluster_active_nodes))",
        unit=Unit.COUNT,
        description="Machines of the Ray cluster that answer. Fewer than there should be: one is dead or cut off.",
        dashboard=CLUSTER,
    ),
)
