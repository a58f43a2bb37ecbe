"""Stages and models: what each stage of a frame takes, and how Triton fares with the models."""

from __future__ import annotations

from infra.grafana.board import Board, Kind, Panel, Section, Variable
from sightline.operations.figure import Thresholds
from sightline.operations.figures import STAGES

_OF = 'model=~"$model"'

_STAGES = Section(
    "Stages",
    (
        Panel(
            number=1,
            title="Time of one call, p95",
            queries={"{{stage}}": "stage:sightline_stage_seconds:p95_5m"},
            unit="s",
            description="From asking to the answer, waiting at Triton and the way there included. decode is our own work.",
        ),
        Panel(
            number=2,
            title="Time spent in stages",
            queries={"{{stage}}": "sum by (stage) (rate(sightline_stage_seconds_sum[$__rate_interval]))"},
            unit="none",
            description="Seconds a second: how many calls of a stage are under way on average. The tallest is the bottleneck.",
            kind=Kind.STACK,
        ),
        Panel(
            number=3,
            title="Items in one call",
            queries={"{{stage}}": "stage:sightline_batch_size:mean5m"},
            unit="none",
            description="Mean size of the batches that stages send. One, under load: nothing is batched.",
        ),
        Panel(
            number=4,
            title="Stages gone without",
            queries={"{{stage}}": 'max by (stage) ({__name__=~"sightline_(frames|questions)_stage_off"})'},
            unit="none",
            description="1 while frames or questions go on without a stage because its model fails or is too slow.",
            thresholds=Thresholds(warn=0.5, bad=1),
            alerts=("SightlineStageOff",),
        ),
        Panel(
            number=5,
            title="Frames without a stage",
            queries={
                "{{stage}}: {{reason}}": "sum by (stage, reason) (rate(sightline_degraded_frames_total[$__rate_interval]))"
            },
            unit="suffix:/s",
            description="Frames that went on without key points or dense coordinates, by reason.",
            kind=Kind.STACK,
        ),
        Panel(
            number=6,
            title="Kafka transaction, p95",
            queries={"commit": "max(sightline:commit_seconds:p95_5m)"},
            unit="s",
            description="The last step of the stream: events, states and offsets in one transaction.",
            thresholds=Thresholds(warn=0.5, bad=2),
        ),
    ),
)

_TRITON = Section(
    "Triton",
    (
        Panel(
            number=11,
            title="Waiting for the model",
            queries={"{{model}}": f"model:triton_queue_seconds:mean5m{{{_OF}}}"},
            unit="s",
            description="Mean time until Triton begins with a request. It is the first to rise when a model is overloaded.",
            thresholds=Thresholds(warn=0.1, bad=0.5),
            alerts=("SightlineTritonQueueLong",),
        ),
        Panel(
            number=12,
            title="Computing",
            queries={"{{model}}": f"model:triton_compute_seconds:mean5m{{{_OF}}}"},
            unit="s",
            description="Mean time of the model itself for a request. It rises with the batch, and where cores are shared.",
        ),
        Panel(
            number=13,
            title="Whole request",
            queries={"{{model}}": f"model:triton_request_seconds:mean5m{{{_OF}}}"},
            unit="s",
            description="Mean time from a request's arrival to its answer: waiting, computing and copying.",
        ),
        Panel(
            number=14,
            title="Requests",
            queries={"{{model}}": f"sum by (model) (rate(nv_inference_request_success{{{_OF}}}[$__rate_interval]))"},
            unit="suffix:/s",
            description="Requests that Triton answered, by model.",
        ),
        Panel(
            number=15,
            title="Requests waiting",
            queries={"{{model}}": f"sum by (model) (nv_inference_pending_request_count{{{_OF}}})"},
            unit="none",
            description="Requests that wait for a model at this moment.",
        ),
        Panel(
            number=16,
            title="Items in one execution",
            queries={"{{model}}": f"model:triton_batch_size:mean5m{{{_OF}}}"},
            unit="none",
            description="What dynamic batching makes of the requests: near the model's largest batch is full use.",
        ),
        Panel(
            number=17,
            title="Requests refused",
            queries={"{{model}}: {{reason}}": f"sum by (model, reason) (rate(nv_inference_request_failure{{{_OF}}}[5m]))"},
            unit="suffix:/s",
            description="Requests that ended in an error, by reason. Tensors of a wrong shape, or a model that crashed.",
            thresholds=Thresholds(warn=0.01, bad=0.1),
        ),
        Panel(
            number=18,
            title="CPU and memory",
            queries={
                "CPU": "max(nv_cpu_utilization)",
                "memory": "max(nv_cpu_memory_used_bytes / nv_cpu_memory_total_bytes)",
            },
            unit="percentunit",
            description="Of the machine that Triton runs on, as Triton sees it.",
            thresholds=Thresholds(warn=0.9, bad=0.98),
        ),
        Panel(
            number=19,
            title="GPU and its memory",
            queries={
                "{{gpu_uuid}}": "max by (gpu_uuid) (nv_gpu_utilization)",
                "{{gpu_uuid}} memory": "max by (gpu_uuid) (nv_gpu_memory_used_bytes / nv_gpu_memory_total_bytes)",
            },
            unit="percentunit",
            description="Use of each GPU and of its memory. Empty where Triton computes on CPUs.",
            thresholds=Thresholds(warn=0.9, bad=0.98),
        ),
    ),
)

BOARD = Board(
    uid=STAGES,
    title="Sightline / Stages and models",
    description="The stages that a frame goes through, as the camera streams measure them, and Triton's view of the models.",
    variables=(Variable("model", "Model", "label_values(nv_inference_request_success, model)"),),
    sections=(_STAGES, _TRITON),
)
