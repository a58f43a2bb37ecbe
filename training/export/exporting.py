"""A trained system made into a model of the contract: traced, described, compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from sightline.attributes import ATTRIBUTES as KNOWN_ATTRIBUTES
from sightline.errors import ConfigurationError
from sightline.models.session import OnnxSession
from sightline.ports import Inference
from sightline.skeleton import JOINTS
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.types import Float32Array
from training.export.accuracy import mean_ap_drop
from training.export.gate import LARGEST_DIFFERENCE, Agreement, Finding, Precision, agreement, closeness, require_passed
from training.export.gate_data import Crops, GateData
from training.export.onnx_file import ATTRIBUTES, CROP, EMBEDDING, KEYPOINTS, onnx_bytes
from training.export.precision import to_fp16, to_int8
from training.export.served_net import ServedNet
from training.export.session_inputs import batches, described_by
from training.trained import TrainedSystem


@dataclass(frozen=True, slots=True, eq=False)
class ExportedModel:
    """A model that passed.

    Attributes:
        spec: as version 1.
        onnx: the file's bytes.
        precision: of its arithmetic.
        embeddings: float32 (N, D) of the compared crops, by ONNX Runtime: what a server must give too.
        findings: of the comparison with the trained net.
    """

    spec: ModelSpec
    onnx: bytes
    precision: Precision
    embeddings: Float32Array
    findings: tuple[Finding, ...]


def export(
    trained: TrainedSystem, *, name: str, data: GateData, precision: Precision = "fp32", flip: bool = False, terms: str = ""
) -> ExportedModel:
    """Export an embedder. Blocking: seconds; minutes where a data set is to be ranked (``int8``).

    Args:
        trained: the system, as :func:`training.trained.read_trained` gives it.
        name: on Triton: ``reid_…``.
        data: for the gate.
        precision: ``fp16`` is for GPUs, ``int8`` (convolutions alone) for CPUs.
        flip: add up the embeddings of a crop and its mirror image: twice the work.
        terms: of the data that it was trained on, kept in the spec.

    Raises:
        ModelError: the exported net differs from the trained one.
        ConfigurationError: ``int8`` needs training pictures and queries, and the data have none.
        ValueError: the crops are not of the net's size.
    """
    net = ServedNet(trained.system, trained.recipe, flip=flip).eval()
    if data.compared.images.shape[1:3] != net.crop_hw:
        raise ValueError(f"crops: expected {net.crop_hw}, got {data.compared.images.shape[1:3]}")
    example = (data.compared.images[:2], data.compared.keypoints[:2])[: 1 + net.takes_keypoints]
    plain = onnx_bytes(net, [torch.from_numpy(array) for array in example], outputs=net.outputs)
    content = _coarser(plain, net, data, precision)
    session = OnnxSession.open(content, name=name)
    embeddings, attributes = described_by(session, data.compared)
    wanted, *wanted_attributes = _by_torch(net, data.compared)
    findings: list[Finding] = [agreement("torch and ONNX Runtime", wanted, embeddings, precision=precision)]
    for each in wanted_attributes:
        most = {ATTRIBUTES: LARGEST_DIFFERENCE[precision]}
        findings += closeness("torch and ONNX Runtime", {ATTRIBUTES: each}, {ATTRIBUTES: attributes}, most)
    if precision == "int8" and data.evaluation is not None:
        findings.append(mean_ap_drop(OnnxSession.open(plain, name=name), session, data.evaluation))
    require_passed(name, findings)
    spec = _spec(trained, net, content, name=name, precision=precision, terms=terms)
    return ExportedModel(spec, content, precision, embeddings, tuple(findings))


async def compared_on(server: Inference, exported: ExportedModel, crops: Crops) -> Agreement:
    """The exported model as a server runs it, against ONNX Runtime here.

    Raises:
        ModelError: the server refuses the tensors.
        ServiceUnavailable: it does not answer.
    """
    inputs = batches(crops, with_keypoints=len(exported.spec.inputs) > 1)
    answers = [await server.infer(exported.spec.name, batch) for batch in inputs]
    embeddings = np.concatenate([answer[EMBEDDING] for answer in answers]).astype(np.float32)
    return agreement("ONNX Runtime and Triton", exported.embeddings, embeddings, precision=exported.precision)


def _coarser(plain: bytes, net: ServedNet, data: GateData, precision: Precision) -> bytes:
    if precision == "fp32":
        return plain
    if precision == "fp16":
        return to_fp16(plain)
    if data.calibration is None or data.evaluation is None:
        raise ConfigurationError("int8 is calibrated on training pictures and judged by its mAP, and the data have not both")
    return to_int8(plain, batches(data.calibration, with_keypoints=net.takes_keypoints))


def _by_torch(net: ServedNet, crops: Crops) -> list[Float32Array]:
    """Each of the net's outputs."""
    with torch.no_grad():
        inputs = batches(crops, with_keypoints=net.takes_keypoints)
        found = [net(*map(torch.from_numpy, batch.values())) for batch in inputs]
    every = [each if isinstance(each, tuple) else (each,) for each in found]
    return [np.concatenate([tensor.numpy() for tensor in output]) for output in zip(*every, strict=True)]


def _spec(trained: TrainedSystem, net: ServedNet, content: bytes, *, name: str, precision: Precision, terms: str) -> ModelSpec:
    inputs = [TensorSpec(name=CROP, dtype="uint8", shape=(-1, *net.crop_hw, 3))]
    if net.takes_keypoints:
        inputs.append(TensorSpec(name=KEYPOINTS, dtype="float32", shape=(-1, len(JOINTS), 3)))
    outputs = [TensorSpec(name=EMBEDDING, dtype="float32", shape=(-1, trained.system.embedding_dim))]
    attributes = _attribute_values(trained.facts.attributes) if ATTRIBUTES in net.outputs else ()
    if attributes:
        outputs.append(TensorSpec(name=ATTRIBUTES, dtype="float32", shape=(-1, len(attributes))))
    recipe, commit = trained.recipe, trained.provenance.get("git_commit", "unknown")
    return ModelSpec(
        name=name,
        kind="embedder",
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        crop=CropRule(size_hw=net.crop_hw),
        joints=JOINTS if net.takes_keypoints else (),
        attributes=attributes,
        sha256=hashlib.sha256(content).hexdigest(),
        source=f"recipe {recipe.name}, {precision}, seed {recipe.seed}, data {trained.data[:12]}, commit {commit}",
        terms=terms,
    )


def _attribute_values(counts: Mapping[str, int]) -> tuple[str, ...]:
    """``hat:no``, ``hat:yes`` …: what each column says; attributes of a set of one's own have numbers for values."""
    return tuple(
        f"{name}:{value}"
        for name, count in counts.items()
        for value in (KNOWN_ATTRIBUTES[name] if len(KNOWN_ATTRIBUTES.get(name, ())) == count else range(count))
    )
