"""``config.pbtxt``: what Triton must know of a model, written from its ModelSpec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sightline.errors import ConfigurationError
from sightline.spec import ModelSpec, TensorSpec

CONFIG_FILE = "config.pbtxt"
Backend: TypeAlias = Literal["python", "onnxruntime", "tensorrt"]
PLAN_FILE = "model.plan"
"""A TensorRT engine: made by ``trtexec`` on the GPU that will run it."""
ENGINE_CACHE = "/tmp/sightline-tensorrt"  # noqa: S108 (within Triton's own container)
DATA_TYPES = {"uint8": "TYPE_UINT8", "float32": "TYPE_FP32", "int64": "TYPE_INT64"}


@dataclass(frozen=True, slots=True)
class Batching:
    """How Triton gathers requests into batches.

    Attributes:
        max_batch_size: of one run of the model, and of one request.
        preferred: sizes at which a batch starts at once.
        max_queue_delay_us: how long a smaller one waits for more. The default is short because the stages batch
            already: whoever comes while the model runs is gathered without any wait.
    """

    max_batch_size: int = 32
    preferred: tuple[int, ...] = (4, 8, 16, 32)
    max_queue_delay_us: int = 100


@dataclass(frozen=True, slots=True)
class Placement:
    """Which of Triton's backends runs a model, and where.

    Attributes:
        backend: ``python``: our own ``model.py``, in every Triton; ``onnxruntime`` and ``tensorrt``: Triton's own, in NVIDIA's
            containers. TensorRT has no CPU.
        gpus: their numbers; empty = on the CPU.
        instances: of the model on each of them.
        threads: of one instance on a CPU, for ``onnxruntime``; for ``python`` Sightline's share of the cores counts.
        accelerate: let ONNX Runtime give TensorRT what it can of the net, in half precision; on GPUs.
    """

    backend: Backend = "python"
    gpus: tuple[int, ...] = ()
    instances: int = 1
    threads: int = 1
    accelerate: bool = False


def render_config(spec: ModelSpec, batching: Batching, placement: Placement | None = None) -> str:
    """The text of ``config.pbtxt``; without a placement our Python backend, one instance on the CPU. Dynamic batching.

    Raises:
        ConfigurationError: that backend cannot be placed so.
    """
    placement = placement or Placement()
    _check(placement)
    blocks = [
        f'name: "{spec.name}"',
        f'backend: "{placement.backend}"',
        f"max_batch_size: {batching.max_batch_size}",
        *(f"input [\n{_tensor(tensor)}\n]" for tensor in spec.inputs),
        *(f"output [\n{_tensor(tensor)}\n]" for tensor in spec.outputs),
        _instances(placement),
        f"version_policy {{ specific {{ versions: [ {spec.version} ] }} }}",
        *([_dynamic_batching(batching)] if batching.max_batch_size > 1 else []),
        *_session(placement),
        *(_parameter(key, value) for key, value in (("sightline.kind", spec.kind), ("sightline.sha256", spec.sha256))),
    ]
    return "\n".join(blocks) + "\n"


def trtexec(spec: ModelSpec, batching: Batching) -> str:
    """The command that makes ``model.plan`` of ``model.onnx``, for batches from one to the largest; half precision."""
    sizes = {"min": 1, "opt": max((*batching.preferred, 1)), "max": batching.max_batch_size}
    shapes = [f"--{name}Shapes={_shapes(spec, min(size, batching.max_batch_size))}" for name, size in sizes.items()]
    return " ".join(["trtexec --onnx=model.onnx", f"--saveEngine={PLAN_FILE}", "--fp16", *shapes])


def _shapes(spec: ModelSpec, batch: int) -> str:
    return ",".join(f"{tensor.name}:{'x'.join(map(str, (batch, *tensor.shape[1:])))}" for tensor in spec.inputs)


def _check(placement: Placement) -> None:
    if placement.backend == "tensorrt" and not placement.gpus:
        raise ConfigurationError("TensorRT runs on GPUs alone: say on which, or take the onnxruntime backend")
    if placement.accelerate and not (placement.backend == "onnxruntime" and placement.gpus):
        raise ConfigurationError("TensorRT accelerates the onnxruntime backend on GPUs: name both")


def _instances(placement: Placement) -> str:
    if not placement.gpus:
        return f"instance_group [ {{ kind: KIND_CPU count: {placement.instances} }} ]"
    gpus = ", ".join(map(str, placement.gpus))
    return f"instance_group [ {{ kind: KIND_GPU count: {placement.instances} gpus: [ {gpus} ] }} ]"


def _session(placement: Placement) -> list[str]:
    """What ONNX Runtime is told where Triton runs it; our Python backend tells it by itself."""
    if placement.backend != "onnxruntime":
        return []
    if not placement.gpus:
        return [_parameter("intra_op_thread_count", str(placement.threads)), _parameter("inter_op_thread_count", "1")]
    if not placement.accelerate:
        return []
    told = {"precision_mode": "FP16", "trt_engine_cache_enable": "true", "trt_engine_cache_path": ENGINE_CACHE}
    parameters = " ".join(f'parameters {{ key: "{key}" value: "{value}" }}' for key, value in told.items())
    accelerator = f'gpu_execution_accelerator [ {{ name: "tensorrt" {parameters} }} ]'
    return [f"optimization {{ execution_accelerators {{ {accelerator} }} }}"]


def _dynamic_batching(batching: Batching) -> str:
    preferred = ", ".join(str(size) for size in batching.preferred if size <= batching.max_batch_size)
    sizes = f"preferred_batch_size: [ {preferred} ] " if preferred else ""
    return f"dynamic_batching {{ {sizes}max_queue_delay_microseconds: {batching.max_queue_delay_us} }}"


def _tensor(tensor: TensorSpec) -> str:
    dims = ", ".join(str(length) for length in tensor.shape[1:])  # Triton adds the batch itself
    return f'  {{ name: "{tensor.name}" data_type: {DATA_TYPES[tensor.dtype]} dims: [ {dims} ] }}'


def _parameter(key: str, value: str) -> str:
    return f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}'
