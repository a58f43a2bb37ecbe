"""``config.pbtxt``: what Triton must know of a model, written from its ModelSpec."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.spec import ModelSpec, TensorSpec

CONFIG_FILE = "config.pbtxt"
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


def render_config(spec: ModelSpec, batching: Batching) -> str:
    """The text of ``config.pbtxt``: our Python backend, one instance (its threads are the budget's), dynamic batching."""
    blocks = [
        f'name: "{spec.name}"',
        'backend: "python"',
        f"max_batch_size: {batching.max_batch_size}",
        *(f"input [\n{_tensor(tensor)}\n]" for tensor in spec.inputs),
        *(f"output [\n{_tensor(tensor)}\n]" for tensor in spec.outputs),
        "instance_group [ { kind: KIND_CPU count: 1 } ]",
        f"version_policy {{ specific {{ versions: [ {spec.version} ] }} }}",
        *([_dynamic_batching(batching)] if batching.max_batch_size > 1 else []),
        *(_parameter(key, value) for key, value in (("sightline.kind", spec.kind), ("sightline.sha256", spec.sha256))),
    ]
    return "\n".join(blocks) + "\n"


def _dynamic_batching(batching: Batching) -> str:
    preferred = ", ".join(str(size) for size in batching.preferred if size <= batching.max_batch_size)
    sizes = f"preferred_batch_size: [ {preferred} ] " if preferred else ""
    return f"dynamic_batching {{ {sizes}max_queue_delay_microseconds: {batching.max_queue_delay_us} }}"


def _tensor(tensor: TensorSpec) -> str:
    dims = ", ".join(str(length) for length in tensor.shape[1:])  # Triton adds the batch itself
    return f'  {{ name: "{tensor.name}" data_type: {DATA_TYPES[tensor.dtype]} dims: [ {dims} ] }}'


def _parameter(key: str, value: str) -> str:
    return f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}'
