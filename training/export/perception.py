"""A trained net of perception made into a model of the contract: traced, described, compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sightline.models.session import OnnxSession
from sightline.ports import Inference
from sightline.spec import ModelSpec
from sightline.types import UInt8Array
from training.export.contract_net import ContractNet
from training.export.dense_gate import dense_findings
from training.export.gate import Finding, closeness, require_passed
from training.export.onnx_file import onnx_bytes
from training.trained import AnyTrained

_BATCH = 32

Arrays = dict[str, NDArray[Any]]
"""Output -> array."""


@dataclass(frozen=True, slots=True, eq=False)
class ExportedPerception:
    """A model that passed.

    Attributes:
        served: the net that it was made of.
        spec: as version 1.
        onnx: the file's bytes.
        outputs: of the compared pictures, by ONNX Runtime: what a server must give too.
        findings: of the comparison with the trained net.
    """

    served: ContractNet
    spec: ModelSpec
    onnx: bytes
    outputs: Arrays
    findings: tuple[Finding, ...]


def export_perception(
    served: ContractNet, trained: AnyTrained, pictures: UInt8Array, *, name: str, terms: str = ""
) -> ExportedPerception:
    """Export a net in single precision. Blocking: seconds.

    Args:
        served: the net and its contract.
        trained: where it comes from, for the spec.
        pictures: uint8 RGB (N, H, W, 3), two or more that the net did not learn from, to compare on.
        name: on Triton.
        terms: of the data that it was trained on, kept in the spec.

    Raises:
        ModelError: the exported net differs from the trained one.
        ValueError: there are fewer than two pictures: a batch of one proves nothing about batches.
    """
    if len(pictures) < 2:
        raise ValueError(f"expected two pictures or more to compare, got {len(pictures)}")
    names = [tensor.name for tensor in served.outputs]
    onnx = onnx_bytes(served.net, [torch.from_numpy(pictures[:2])], inputs=[served.input.name], outputs=names)
    session = OnnxSession.open(onnx, name=name)
    outputs = _joined([session.run({served.input.name: batch}) for batch in _batches(pictures)])
    findings = _compared("torch and ONNX Runtime", served, _by_torch(served, pictures), outputs)
    require_passed(name, findings)
    return ExportedPerception(served, _spec(served, trained, onnx, name=name, terms=terms), onnx, outputs, findings)


async def compared_on_server(server: Inference, exported: ExportedPerception, pictures: UInt8Array) -> tuple[Finding, ...]:
    """The exported model as a server runs it, against ONNX Runtime here.

    Raises:
        ModelError: the server refuses the tensors.
        ServiceUnavailable: it does not answer.
    """
    served, name = exported.served, exported.spec.name
    answers = [dict(await server.infer(name, {served.input.name: batch})) for batch in _batches(pictures)]
    return _compared("ONNX Runtime and Triton", served, exported.outputs, _joined(answers))


def _compared(of: str, served: ContractNet, wanted: Arrays, got: Arrays) -> tuple[Finding, ...]:
    compare = dense_findings if served.kind == "densepose" else closeness
    return tuple(compare(of, wanted, got, served.tolerances))


def _by_torch(served: ContractNet, pictures: UInt8Array) -> Arrays:
    names = [tensor.name for tensor in served.outputs]
    with torch.no_grad():
        found = [served.net(torch.from_numpy(batch)) for batch in _batches(pictures)]
    return _joined([dict(zip(names, (each.numpy() for each in outputs), strict=True)) for outputs in found])


def _batches(pictures: UInt8Array) -> Iterator[UInt8Array]:
    for start in range(0, len(pictures), _BATCH):
        yield pictures[start : start + _BATCH]


def _joined(batches: Sequence[Arrays]) -> Arrays:
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _spec(served: ContractNet, trained: AnyTrained, onnx: bytes, *, name: str, terms: str) -> ModelSpec:
    recipe, commit = trained.recipe, trained.provenance.get("git_commit", "unknown")
    return ModelSpec(
        name=name,
        kind=served.kind,
        inputs=(served.input,),
        outputs=served.outputs,
        crop=served.crop,
        class_names=served.class_names,
        joints=served.joints,
        sha256=hashlib.sha256(onnx).hexdigest(),
        source=f"recipe {recipe.name}, fp32, seed {recipe.seed}, data {trained.data[:12]}, commit {commit}",
        terms=terms,
    )
