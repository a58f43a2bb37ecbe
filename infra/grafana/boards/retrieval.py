"""Retrieval: from capture to searchable, the questions, Milvus, Ray Serve."""

from __future__ import annotations

from infra.grafana.board import Board, Kind, Panel, Section
from sightline.operations.figure import Thresholds
from sightline.operations.figures import RETRIEVAL

_MUTATIONS = 'msg_type:milvus_proxy_mutation_latency_seconds:p95_5m{msg_type=~"insert|upsert|delete"}'
_QUEUE = "histogram_quantile(0.95, sum by (query_type, le) (rate(milvus_querynode_sq_queue_latency_bucket[5m]))) / 1e3"
_SERVE = "histogram_quantile(0.95, sum by (deployment, le) (rate(ray_serve_deployment_processing_latency_ms_bucket[5m]))) / 1e3"

_CAPTURE_TO_SEARCHABLE = Section(
    "Capture to searchable",
    (
        Panel(
            number=1,
            title="Searchable after",
            queries={
                "half": "max(sightline:capture_to_searchable_seconds:p50_5m)",
                "95 of 100": "max(sightline:capture_to_searchable_seconds:p95_5m)",
                "99 of 100": "max(sightline:capture_to_searchable_seconds:p99_5m)",
            },
            unit="s",
            description="From the capture of a frame to its sightings in Milvus. The objective: 99 of 100 within 2 s.",
            thresholds=Thresholds(warn=1.5, bad=2),
            alerts=("SightlineSearchableFastBurn", "SightlineSearchableSlowBurn"),
        ),
        Panel(
            number=2,
            title="How long sightings took",
            queries={"{{le}}": "sum by (le) (increase(sightline_capture_to_searchable_seconds_bucket[$__rate_interval]))"},
            unit="s",
            description="Sightings by the time that they took. Two bands: some cameras, or some partitions, are slower.",
            kind=Kind.HEATMAP,
        ),
        Panel(
            number=3,
            title="Sightings written",
            queries={"{{instance}}": "sum by (instance) (rate(sightline_written_sightings_total[$__rate_interval]))"},
            unit="suffix:/s",
            description="Rows that each writer put into Milvus.",
            alerts=("SightlineNothingWritten",),
        ),
        Panel(
            number=4,
            title="One write, p95",
            queries={"all writers": "max(sightline:write_seconds:p95_5m)"},
            unit="s",
            description="A batch of sightings into Milvus, as the writer measures it.",
            thresholds=Thresholds(warn=1, bad=5),
        ),
        Panel(
            number=5,
            title="Sightings in one write",
            queries={"mean": "sum(rate(sightline_write_batch_size_sum[5m])) / sum(rate(sightline_write_batch_size_count[5m]))"},
            unit="none",
            description="Mean size of the writer's batches: near writer.max_batch_size it cannot keep up.",
            thresholds=Thresholds(warn=128, bad=250),
        ),
        Panel(
            number=6,
            title="Writers' trouble",
            queries={
                "dead letters": "sum(increase(sightline_writer_dead_letters_total[5m]))",
                "writes repeated, {{service}}": "sum by (service) (increase(sightline_writer_retries_total[5m]))",
            },
            unit="none",
            description="In five minutes: events that no gallery could hold, and writes that failed and were made again.",
            thresholds=Thresholds(warn=1, bad=10),
            alerts=("SightlineWriterDeadLetters",),
        ),
    ),
)

_QUESTIONS = Section(
    "Questions",
    (
        Panel(
            number=11,
            title="Requests by route",
            queries={"{{route}}": "sum by (route) (rate(sightline_http_requests_total[$__rate_interval]))"},
            unit="suffix:/s",
            description="What is asked of the HTTP API. The page asks for /v1/cameras every two seconds by itself.",
        ),
        Panel(
            number=12,
            title="Answers by route, p95",
            queries={"{{route}}": "route:sightline_http_request_seconds:p95_5m"},
            unit="s",
            description="Time of one request within our process.",
            thresholds=Thresholds(warn=1, bad=3),
        ),
        Panel(
            number=13,
            title="Requests failed",
            queries={"of all": "max(sightline:http_errors:ratio_rate5m)"},
            unit="percentunit",
            description="Part of all requests that ended in a server error (5xx).",
            thresholds=Thresholds(warn=0.01, bad=0.05),
            alerts=("SightlineApiErrors",),
        ),
        Panel(
            number=14,
            title="Answers by status",
            queries={"{{status}}": "sum by (status) (rate(sightline_http_requests_total[$__rate_interval]))"},
            unit="suffix:/s",
            description="4xx is a caller's mistake, 5xx ours or a server's; 503 on a search: too many at once.",
            kind=Kind.STACK,
        ),
        Panel(
            number=15,
            title="Time within a search, p95",
            queries={"{{stage}}": "stage:sightline_search_stage_seconds:p95_5m"},
            unit="s",
            description="Where the time of a search goes: decoding, models, gallery, re-ranking.",
        ),
        Panel(
            number=16,
            title="Questions without a stage",
            queries={
                "{{stage}}: {{reason}}": "sum by (stage, reason) (rate(sightline_degraded_questions_total[$__rate_interval]))"
            },
            unit="suffix:/s",
            description="Questions that were answered without key points or dense coordinates.",
            kind=Kind.STACK,
        ),
    ),
)

_MILVUS = Section(
    "Milvus",
    (
        Panel(
            number=21,
            title="Searches and look-ups, p95",
            queries={"{{query_type}}": "query_type:milvus_proxy_sq_latency_seconds:p95_5m"},
            unit="s",
            description="As Milvus' proxy measures them. search: by vector; query: by id, time or camera.",
            thresholds=Thresholds(warn=0.5, bad=2),
            alerts=("SightlineMilvusSearchSlow",),
        ),
        Panel(
            number=22,
            title="Writes, p95",
            queries={"{{msg_type}}": _MUTATIONS},
            unit="s",
            description="Inserts, upserts and deletes, as Milvus' proxy measures them.",
            thresholds=Thresholds(warn=1, bad=5),
            alerts=("SightlineMilvusWriteSlow",),
        ),
        Panel(
            number=23,
            title="Waiting in the query node, p95",
            queries={"{{query_type}}": _QUEUE},
            unit="s",
            description="Time that searches wait before the query node begins: the sign that it has too few cores.",
            thresholds=Thresholds(warn=0.1, bad=1),
        ),
        Panel(
            number=24,
            title="Rows that can be searched",
            queries={"{{segment_state}}": "sum by (segment_state) (milvus_querynode_entity_num)"},
            unit="short",
            description="In memory of the query nodes, in growing segments (new) and sealed ones (indexed).",
            kind=Kind.STACK,
        ),
        Panel(
            number=25,
            title="Segments",
            queries={"{{segment_state}}": "sum by (segment_state) (milvus_querynode_segment_num)"},
            unit="none",
            description="Many small ones make searches slow; Milvus joins them by itself.",
            kind=Kind.STACK,
        ),
        Panel(
            number=26,
            title="Query nodes behind",
            queries={"behind": "max(milvus_querynode_consume_tt_lag_ms) / 1e3"},
            unit="s",
            description="How far the query nodes are behind what was written: so much later a row can be found.",
            thresholds=Thresholds(warn=1, bad=5),
        ),
        Panel(
            number=27,
            title="Memory",
            queries={"{{instance}}": 'sum by (instance) (process_resident_memory_bytes{job="milvus"})'},
            unit="bytes",
            description="Resident memory of Milvus' processes: vectors and their indexes.",
        ),
    ),
)

_RAY_SERVE = Section(
    "Ray Serve",
    (
        Panel(
            number=31,
            title="Replicas that are well",
            queries={"{{deployment}}": "sum by (deployment) (ray_serve_deployment_replica_healthy)"},
            unit="none",
            description="As many as serving.replicas, while all is well.",
        ),
        Panel(
            number=32,
            title="Requests under way and waiting",
            queries={
                "under way": "sum(ray_serve_replica_processing_queries)",
                "waiting": "sum(ray_serve_deployment_queued_queries)",
            },
            unit="none",
            description="What waits is beyond what the replicas take at once: add replicas, or cores.",
        ),
        Panel(
            number=33,
            title="Time in a replica, p95",
            queries={"{{deployment}}": _SERVE},
            unit="s",
            description="As Serve measures it. Far above our own figure: the replica's event loop is blocked.",
        ),
    ),
)

BOARD = Board(
    uid=RETRIEVAL,
    title="Sightline / Retrieval",
    description="How soon sightings can be found, how questions are answered, and the servers behind: Milvus and Ray Serve.",
    sections=(_CAPTURE_TO_SEARCHABLE, _QUESTIONS, _MILVUS, _RAY_SERVE),
)
