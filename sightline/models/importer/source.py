"""A user's ONNX file, opened with suspicion: what it holds is checked before anything of it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, inliner

from sightline.errors import ModelError
from sightline.spec import file_sha256

MAX_BYTES = 2 * 1024**3 - 1
"""Protobuf's own limit; larger models keep their tensors in other files, which we refuse."""
OLDEST_OPSET = 11
"""The first with TopK, NonMaxSuppression and Clip as the wrapper writes them."""
KNOWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operators that a stock ONNX Runtime has."""

_ARCHIVE = b"PK\x03\x04"

Dimensions = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class SourceTensor:
    """An input or output as the file declares it; a free dimension is its name, or ``?``."""

    name: str
    dtype: str
    shape: Dimensions

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} [{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True, eq=False)
class SourceModel:
    """A checked file: one picture input, at least one output, no foreign code and no other files."""

    path: Path
    sha256: str
    model: ModelProto
    input: SourceTensor
    outputs: tuple[SourceTensor, ...]

    @property
    def opset(self) -> int:
        return _opset(self.model)

    def describe(self) -> str:
        """What was found, for messages: ``images float32 [1, 3, 416, 416] -> output float32 [1, 3549, 85]``."""
        return f"{self.input} -> {', '.join(map(str, self.outputs))}"

    def refuse(self, expected: str) -> ModelError:
        """The error to raise where the file is not what ``expected`` says."""
        return ModelError(f"{self.path}: expected {expected}; found {self.describe()}")


def read_source(path: Path) -> SourceModel:
    """Open and check an ONNX file.

    Raises:
        ModelError: it is missing, not ONNX, or not a self-contained net with one rank-4 input.
    """
    model = _parse(path)
    _refuse_foreign_parts(path, model)
    initialisers = {tensor.name for tensor in model.graph.initializer}
    inputs = [_tensor(path, item) for item in model.graph.input if item.name not in initialisers]
    outputs = tuple(_tensor(path, item) for item in model.graph.output)
    if len(inputs) != 1:
        found = ", ".join(map(str, inputs)) or "none"
        raise ModelError(f"{path}: expected one input, a batch of pictures; found {len(inputs)}: {found}")
    source = SourceModel(path, file_sha256(path), model, inputs[0], outputs)
    if len(inputs[0].shape) != 4:
        raise source.refuse("an input of rank 4, pictures as [N, 3, H, W] or [N, H, W, 3]")
    return source


def _parse(path: Path) -> ModelProto:
    if not path.is_file():
        raise ModelError(f"{path} does not exist: name an ONNX file")
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path}: expected at most {MAX_BYTES} bytes, found {path.stat().st_size}")
    if _is_archive(path):
        raise ModelError(
            f"{path} is an archive, as PyTorch writes TorchScript and weights, not ONNX. Where it was made, export it: "
            'torch.onnx.export(net, example_crop, "net.onnx", input_names=["input"], dynamic_axes={"input": {0: "N"}})'
        )
    try:
        model = onnx.load(str(path), load_external_data=False)
    except (DecodeError, ValueError, OSError) as error:
        raise ModelError(f"{path} is not an ONNX file: {error}") from error
    if not model.graph.node or not model.graph.output:
        raise ModelError(f"{path} is not an ONNX net: expected a graph with nodes and outputs, found none")
    return inliner.inline_local_functions(model) if model.functions else model


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ARCHIVE)) == _ARCHIVE


def _refuse_foreign_parts(path: Path, model: ModelProto) -> None:
    if _opset(model) < OLDEST_OPSET:
        raise ModelError(f"{path}: expected opset {OLDEST_OPSET} or later, found {_opset(model)}: export it again")
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in _tensors(model.graph)):
        raise ModelError(f"{path}: expected a single file, found tensors kept in other files: save it with its data inside")
    foreign = sorted({f"{n.domain}::{n.op_type}" for n in _nodes(model.graph) if n.domain not in KNOWN_DOMAINS})
    if foreign:
        raise ModelError(f"{path}: expected standard ONNX operators, found custom ones: {', '.join(foreign)}")
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise ModelError(f"{path} is not valid ONNX: {error}") from error


def _opset(model: ModelProto) -> int:
    return max((item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), default=0)


def _nodes(graph: GraphProto) -> Iterator[Any]:
    """All nodes, those of loops' and branches' bodies too."""
    for node in graph.node:
        yield node
        for body in _bodies(node):
            yield from _nodes(body)


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """All constant tensors: initialisers, and constants within nodes."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                yield attribute.t
            yield from attribute.tensors
        for body in _bodies(node):
            yield from _tensors(body)


def _bodies(node: Any) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def _tensor(path: Path, value: Any) -> SourceTensor:
    if not value.type.HasField("tensor_type"):
        raise ModelError(f"{path}: expected tensors only, found {value.name!r}, a {value.type.WhichOneof('value')}")
    kind = value.type.tensor_type
    shape = tuple(dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in kind.shape.dim)
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    except KeyError as error:
        raise ModelError(f"{path}: {value.name!r} has elements of no known type ({kind.elem_type})") from error
    return SourceTensor(value.name, dtype.name, shape)
