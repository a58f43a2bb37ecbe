"""Kafka: how far the stream is behind, by partition, and the brokers themselves."""

from __future__ import annotations

from infra.grafana.board import Board, Kind, Panel, Section
from sightline.operations.figure import Thresholds
from sightline.operations.figures import KAFKA

_BROKER = "kafka_server_brokertopicmetrics_"
_OURS = 'topic!~"__.*"'

_LAG = Section(
    "Lag",
    (
        Panel(
            number=1,
            title="Frames waiting by partition",
            queries={"partition {{partition}}": "partition:sightline_lag_messages:max"},
            unit="none",
            description="One partition far above the others: its cameras send more than one camera stream can take.",
            thresholds=Thresholds(warn=50, bad=500),
            alerts=("SightlineLagGrowing",),
        ),
        Panel(
            number=2,
            title="Age when read, by partition",
            queries={"partition {{partition}}": "max by (partition) (sightline_lag_seconds)"},
            unit="s",
            description="How old a partition's last frame was when it was read. In a replay of old frames: large, and right.",
            thresholds=Thresholds(warn=2, bad=10),
        ),
        Panel(
            number=3,
            title="Frames waiting, in all",
            queries={"frames": "sum(sightline:lag_messages:sum)"},
            unit="none",
            description="The sum over partitions: what there is to catch up with.",
            thresholds=Thresholds(warn=100, bad=1000),
            alerts=("SightlineLagGrowing",),
        ),
    ),
)

_TOPICS = Section(
    "Topics",
    (
        Panel(
            number=11,
            title="Records in by topic",
            queries={"{{topic}}": f"sum by (topic) (rate({_BROKER}messagesin_total{{{_OURS}}}[$__rate_interval]))"},
            unit="suffix:/s",
            description="camera-frames is what the cameras publish, sightings what the stream makes of it.",
        ),
        Panel(
            number=12,
            title="Bytes in by topic",
            queries={"{{topic}}": f"sum by (topic) (rate({_BROKER}bytesin_total{{{_OURS}}}[$__rate_interval]))"},
            unit="Bps",
            description="Mostly frames. What a day of it takes is what kafka.frame_retention_h keeps on disk.",
            kind=Kind.STACK,
        ),
        Panel(
            number=13,
            title="Bytes out by topic",
            queries={"{{topic}}": f"sum by (topic) (rate({_BROKER}bytesout_total{{{_OURS}}}[$__rate_interval]))"},
            unit="Bps",
            description="What consumers read. More than comes in, for long: somebody reads the same frames again and again.",
            kind=Kind.STACK,
        ),
        Panel(
            number=14,
            title="On disk by topic",
            queries={"{{topic}}": f"sum by (topic) (kafka_log_log_size{{{_OURS}}})"},
            unit="bytes",
            description="Size of the topics' logs. Frames go after kafka.frame_retention_h or kafka.frame_retention_bytes.",
            kind=Kind.STACK,
        ),
    ),
)

_BROKERS = Section(
    "Brokers",
    (
        Panel(
            number=21,
            title="Partitions without a leader",
            queries={"partitions": "max(kafka_controller_kafkacontroller_offlinepartitionscount)"},
            unit="none",
            description="Partitions that can be neither read nor written: their cameras stand still.",
            thresholds=Thresholds(warn=0.5, bad=1),
            alerts=("SightlineKafkaPartitionsOffline",),
        ),
        Panel(
            number=22,
            title="Partitions that lack replicas",
            queries={
                "fewer than there should be": "sum(kafka_server_replicamanager_underreplicatedpartitions)",
                "fewer than may be": "sum(kafka_server_replicamanager_underminisrpartitioncount)",
            },
            unit="none",
            description="Another broker lost may lose frames; below the least that may be, nothing is accepted.",
            thresholds=Thresholds(warn=1, bad=10),
            alerts=("SightlineKafkaUnderReplicated",),
        ),
        Panel(
            number=23,
            title="Active controllers",
            queries={"controllers": "sum(kafka_controller_kafkacontroller_activecontrollercount)"},
            unit="none",
            description="One, always. None: no leader can be chosen; two: the cluster has split.",
            thresholds=Thresholds(warn=1.5, bad=2),
        ),
        Panel(
            number=24,
            title="Requests, p95",
            queries={"{{request}}": 'max by (request) (kafka_network_requestmetrics_totaltimems{quantile="0.95"}) / 1e3'},
            unit="s",
            description="Produce is the publishers' wait, EndTxn a commit's end. FetchConsumer waits for records on purpose.",
            thresholds=Thresholds(warn=1, bad=5),
        ),
        Panel(
            number=25,
            title="Request threads idle",
            queries={"{{instance}}": "min by (instance) (kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent)"},
            unit="percentunit",
            description="Part of the time that a broker's request threads have nothing to do.",
            thresholds=Thresholds(warn=0.3, bad=0.1),
        ),
    ),
)

BOARD = Board(
    uid=KAFKA,
    title="Sightline / Kafka",
    description="Frames that wait, by partition, as the camera streams tell it; and the brokers, as their JMX exporter does.",
    sections=(_LAG, _TOPICS, _BROKERS),
)
