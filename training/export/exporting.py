"""A trained system made into a model of the contract: traced, described, compared."""

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
from sightline.skeleton import JOINTS
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.types import Float32Array
from training.export.crops import Crops
from training.export.gate import Agreement, agreement, require_passed
from training.export.onnx_file import CROP, EMBEDDING, KEYPOINTS, onnx_bytes
from training.export.served_net import ServedNet
from training.trained import Trained

_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class ExportedModel:
    """A model that passed.

    Attributes:
        spec: as version 1.
        onnx: the file's bytes.
        embeddings: float32 (N, D) of the crops, by ONNX Runtime: what a server must give too.
        agreement: with the trained net.
    """

    spec: ModelSpec
    onnx: bytes
    embeddings: Float32Array
    agreement: Agreement


def export(trained: Trained, *, name: str, crops: Crops, flip: bool = False, terms: str = "") -> ExportedModel:
    """Export an embedder. Blocking: seconds.

    Args:
        trained: the system, as :func:`training.trained.read_trained` gives it.
        name: on Triton: ``reid_…``.
        crops: real ones, for the gate.
        flip: add up the embeddings of a crop and its mirror image: twice the work.
        terms: of the data that it was trained on, kept in the spec.

    Raises:
        ModelError: the exported net differs from the trained one.
        ValueError: the crops are not of the net's size.
    """
    net = ServedNet(trained.system, trained.recipe, flip=flip).eval()
    if crops.images.shape[1:3] != net.crop_hw:
        raise ValueError(f"crops: expected {net.crop_hw}, got {crops.images.shape[1:3]}")
    arrays = (crops.images, crops.keypoints)[: 1 + net.takes_keypoints]
    content = onnx_bytes(net, [torch.from_numpy(array[:2]) for array in arrays])
    session = OnnxSession.open(content, name=name)
    wanted, got = [], []
    for batch in batches(arrays):
        with torch.no_grad():
            wanted.append(net(*map(torch.from_numpy, batch.values())).numpy())
        got.append(session.run(batch)[EMBEDDING])
    embeddings = np.concatenate(got)
    found = agreement("torch and ONNX Runtime", np.concatenate(wanted), embeddings, precision="fp32")
    require_passed(name, found)
    return ExportedModel(_spec(trained, net, content, name=name, terms=terms), content, embeddings, found)


async def compared_on(server: Inference, exported: ExportedModel, crops: Crops) -> Agreement:
    """The exported model as a server runs it, against ONNX Runtime here.

    Raises:
        ModelError: the server refuses the tensors.
        ServiceUnavailable: it does not answer.
    """
    arrays = (crops.images, crops.keypoints)[: len(exported.spec.inputs)]
    answers = [await server.infer(exported.spec.name, batch) for batch in batches(arrays)]
    embeddings = np.concatenate([answer[EMBEDDING] for answer in answers]).astype(np.float32)
    return agreement("ONNX Runtime and Triton", exported.embeddings, embeddings, precision="fp32")


def batches(arrays: Sequence[NDArray[Any]]) -> Iterator[dict[str, NDArray[Any]]]:
    """Crops, and key points where they are given too, some at a time, by the names of the contract."""
    for start in range(0, len(arrays[0]), _BATCH):
        yield dict(zip((CROP, KEYPOINTS), (array[start : start + _BATCH] for array in arrays), strict=False))


def _spec(trained: Trained, net: ServedNet, content: bytes, *, name: str, terms: str) -> ModelSpec:
    inputs = [TensorSpec(name=CROP, dtype="uint8", shape=(-1, *net.crop_hw, 3))]
    if net.takes_keypoints:
        inputs.append(TensorSpec(name=KEYPOINTS, dtype="float32", shape=(-1, len(JOINTS), 3)))
    commit = trained.provenance.get("git_commit", "unknown")
    return ModelSpec(
        name=name,
        kind="embedder",
        inputs=tuple(inputs),
        outputs=(TensorSpec(name=EMBEDDING, dtype="float32", shape=(-1, trained.system.embedding_dim)),),
        crop=CropRule(size_hw=net.crop_hw),
        joints=JOINTS if net.takes_keypoints else (),
        sha256=hashlib.sha256(content).hexdigest(),
        source=f"recipe {trained.recipe.name}, seed {trained.recipe.seed}, data {trained.data[:12]}, commit {commit}",
        terms=terms,
    )
