"""Cluster: the hosts of the Ray cluster and what runs on them."""

from __future__ import annotations

from infra.grafana.board import Board, Kind, Panel, Section, Variable
from sightline.operations.figure import Thresholds
from sightline.operations.figures import CLUSTER

_ON = 'ip=~"$host"'
_ACTORS = "StreamActor|WriterActor|StageActor|ServeReplica:.*"

_HOSTS = Section(
    "Hosts",
    (
        Panel(
            number=1,
            title="Hosts alive",
            queries={"{{node_type}}": "max by (node_type) (ray_cluster_active_nodes)"},
            unit="none",
            description="Machines that answer the head. One fewer: it is dead or cut off, and its actors start elsewhere.",
        ),
        Panel(
            number=2,
            title="CPU by host",
            queries={"{{ip}}": f"max by (ip) (ray_node_cpu_utilization{{{_ON}}})"},
            unit="percent",
            description="All that runs on the host, ours or not.",
            thresholds=Thresholds(warn=90, bad=98),
        ),
        Panel(
            number=3,
            title="Memory by host",
            queries={"{{ip}}": f"max by (ip) (ray_node_mem_used{{{_ON}}} / ray_node_mem_total{{{_ON}}})"},
            unit="percentunit",
            description="At 95 % Ray ends workers to save the host.",
            thresholds=Thresholds(warn=0.85, bad=0.95),
        ),
        Panel(
            number=4,
            title="Disk left",
            queries={"{{node}} {{volume}}": "node_volume:disk_free_bytes:min"},
            unit="bytes",
            description="Free space of the volumes that Prometheus knows.",
            alerts=("SightlineDiskFullSoon",),
        ),
        Panel(
            number=5,
            title="Disk left in twelve hours",
            queries={"{{node}} {{volume}}": "node_volume:disk_free_bytes:predict12h"},
            unit="bytes",
            description="If it goes on filling as it did for six hours. Below zero: full by then.",
            thresholds=Thresholds(warn=1e10, bad=0),
            alerts=("SightlineDiskFullSoon",),
        ),
        Panel(
            number=6,
            title="Network by host",
            queries={
                "{{ip}} in": f"max by (ip) (ray_node_network_receive_speed{{{_ON}}})",
                "{{ip}} out": f"max by (ip) (ray_node_network_send_speed{{{_ON}}})",
            },
            unit="Bps",
            description="Frames in, tensors to Triton out.",
        ),
        Panel(
            number=7,
            title="GPU by host",
            queries={"{{ip}}": f"max by (ip) (ray_node_gpus_utilization{{{_ON}}})"},
            unit="percent",
            description="As Ray sees it. Empty where there is none.",
        ),
    ),
)

_ACTORS_AND_PROCESSES = Section(
    "Actors and processes",
    (
        Panel(
            number=11,
            title="Actors by state",
            queries={"{{State}}": "sum by (State) (ray_actors)"},
            unit="none",
            description="RESTARTING or DEPENDENCIES_UNREADY for long: an actor cannot start, or finds no host.",
            kind=Kind.STACK,
        ),
        Panel(
            number=12,
            title="Ours that live",
            queries={"{{Name}}": f'sum by (Name) (ray_actors{{Name=~"{_ACTORS}", State=~"ALIVE.*"}})'},
            unit="none",
            description="Camera streams, writers, stage actors and replicas of the API.",
        ),
        Panel(
            number=13,
            title="CPU of our processes",
            queries={
                "{{Component}}": f'sum by (Component) (ray_component_cpu_percentage{{Component=~"ray::({_ACTORS})", {_ON}}})'
            },
            unit="percent",
            description="100 is one core. A camera stream at 100: its process is the bottleneck, so add workers.",
            kind=Kind.STACK,
        ),
        Panel(
            number=14,
            title="Memory of our processes",
            queries={"{{Component}}": f'sum by (Component) (ray_component_rss_bytes{{Component=~"ray::({_ACTORS})", {_ON}}})'},
            unit="bytes",
            description="Resident, shared pages included. A line that rises for days is a leak.",
            kind=Kind.STACK,
        ),
        Panel(
            number=15,
            title="Object store",
            queries={
                "used": "sum(ray_object_store_used_memory)",
                "free": "sum(ray_object_store_available_memory)",
            },
            unit="bytes",
            description="Ray's shared memory. Frames do not travel through it, so little is used.",
            kind=Kind.STACK,
        ),
        Panel(
            number=16,
            title="CPUs that Ray has given out",
            queries={"{{State}}": 'sum by (State) (ray_resources{Name="CPU"})'},
            unit="none",
            description="What actors reserve, not what they use. None left: what needs one waits.",
            kind=Kind.STACK,
        ),
    ),
)

BOARD = Board(
    uid=CLUSTER,
    title="Sightline / Cluster",
    description="The machines of the Ray cluster, their disks, and the actors and processes on them.",
    variables=(Variable("host", "Host", "label_values(ray_node_cpu_utilization, ip)"),),
    sections=(_HOSTS, _ACTORS_AND_PROCESSES),
)
