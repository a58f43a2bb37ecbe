"""A trained detector made into the model ``person_detector`` of the contract: traced, completed, described, compared.

The trained net gives a box and a score for each cell. Which of them are kept is written behind it in the graph, as the importer
does for other detectors, so that every detector that is served suppresses alike.

Legend: N pictures of H x W pixels, letterboxed; A cells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import onnx
import torch
from onnx import ModelProto, helper
from torch import Tensor, nn

from sightline.errors import ModelError
from sightline.models.comparison import FLOAT32_TOLERANCE, Arrays, Difference, compare_outputs
from sightline.models.importer.detections import write_best_boxes
from sightline.models.importer.graph import GraphWriter, tensor_info
from sightline.models.importer.reference import best_boxes
from sightline.models.session import OnnxSession
from sightline.ports import Inference
from sightline.spec import ModelSpec, TensorSpec
from sightline.suppression import ROWS
from sightline.types import UInt8Array
from training.detection.calibration import Calibration
from training.detection.validation import SUPPRESSION
from training.export.gate import Finding, require_passed
from training.export.onnx_file import onnx_bytes
from training.nets.systems.detector import Detector
from training.trained import AnyTrained

IMAGE, BOXES, SCORES = "image", "boxes", "scores"
"""Names of the model contract."""
_CANDIDATES = ("candidate_boxes", "candidate_scores")
_BATCH = 8


class ServedDetector(nn.Module):
    """uint8 pictures (N, H, W, 3) RGB -> candidates: boxes xyxy float32 (N, A, 4), pixels of it, and scores float32 (N, A)."""

    def __init__(self, system: Detector, calibration: Calibration | None = None) -> None:
        super().__init__()
        self.net, self.calibration = system.inference_net(), calibration or Calibration()
        self.training = self.net.training  # exporters put a net back into the mode that they met it in, with its children

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        boxes, scores = self.net(image.permute(0, 3, 1, 2))
        logits = self.calibration.scale * torch.logit(scores, eps=1e-6) + self.calibration.shift
        return boxes, logits.sigmoid()


@dataclass(frozen=True, slots=True)
class DetectionAgreement:
    """One figure of the comparison of two nets' detections; see :mod:`sightline.models.comparison`."""

    difference: Difference

    @property
    def passed(self) -> bool:
        """Whether the worst is small enough."""
        return self.difference.accepted

    def describe(self) -> str:
        """The numbers in one line."""
        return self.difference.describe()


@dataclass(frozen=True, slots=True, eq=False)
class ExportedDetector:
    """A model that passed.

    Attributes:
        spec: as version 1.
        onnx: the file's bytes.
        outputs: of each compared picture, by ONNX Runtime: what a server must give too.
        findings: of the comparison with the trained net.
    """

    spec: ModelSpec
    onnx: bytes
    outputs: Sequence[Arrays]
    findings: tuple[Finding, ...]


def export_detector(
    trained: AnyTrained,
    system: Detector,
    pictures: UInt8Array,
    *,
    name: str,
    terms: str = "",
    calibration: Calibration | None = None,
) -> ExportedDetector:
    """Export a detector in single precision. Blocking: seconds.

    Args:
        trained: where it comes from, for the spec.
        system: of it, in evaluation mode.
        pictures: uint8 RGB (N, H, W, 3), two or more that it did not learn from, letterboxed; of the size that it will serve.
        name: on Triton.
        terms: of the data that it was trained on, kept in the spec.
        calibration: of its scores; None = they stay as they are.

    Raises:
        ModelError: the exported net differs from the trained one, or finds nobody in any picture: then nothing is compared.
        ValueError: there are fewer than two pictures: a batch of one proves nothing about batches.
    """
    if len(pictures) < 2:
        raise ValueError(f"expected two pictures or more to compare, got {len(pictures)}")
    net = ServedDetector(system, calibration).eval()
    traced = onnx_bytes(net, [torch.from_numpy(pictures[:2])], inputs=[IMAGE], outputs=_CANDIDATES)
    content = completed(onnx.load_from_string(traced), pictures.shape[1:3]).SerializeToString()
    session = OnnxSession.open(content, name=name)
    outputs = [row for batch in _batches(pictures) for row in _rows(session.run({IMAGE: batch}))]
    findings = _compared("torch and ONNX Runtime", _by_torch(net, pictures), outputs)
    require_passed(name, findings)
    spec = _spec(trained, content, pictures, name=name, terms=terms, calibration=calibration)
    return ExportedDetector(spec, content, outputs, findings)


async def detections_compared_on(server: Inference, exported: ExportedDetector, pictures: UInt8Array) -> tuple[Finding, ...]:
    """The exported model as a server runs it, against ONNX Runtime here.

    Raises:
        ModelError: the server refuses the tensors, or nobody is found.
        ServiceUnavailable: it does not answer.
    """
    answers = [dict(await server.infer(exported.spec.name, {IMAGE: batch})) for batch in _batches(pictures)]
    return _compared("ONNX Runtime and Triton", exported.outputs, [row for answer in answers for row in _rows(answer)])


def completed(model: ModelProto, size_hw: Sequence[int]) -> ModelProto:
    """The traced graph of candidates with what keeps the best of them behind it."""
    tail = GraphWriter("tail")
    for value, name in zip(write_best_boxes(tail, *_CANDIDATES, suppression=SUPPRESSION), (BOXES, SCORES), strict=True):
        tail.name_output(value, name)
    graph = model.graph
    graph.node.extend(tail.nodes)
    graph.initializer.extend(tail.constants)
    del graph.input[:], graph.output[:]
    graph.input.append(tensor_info(IMAGE, "uint8", ["N", *size_hw, 3]))
    graph.output.extend(
        [tensor_info(BOXES, "float32", ["N", ROWS, 4]), tensor_info(SCORES, "float32", ["N", ROWS])],
    )
    made = helper.make_model(graph, opset_imports=model.opset_import, producer_name="sightline")
    made.ir_version = model.ir_version
    onnx.checker.check_model(made, full_check=True)
    return made


def _by_torch(net: ServedDetector, pictures: UInt8Array) -> list[Arrays]:
    """The plain way: the trained net, and the suppression by its definition."""
    with torch.no_grad():
        found = [net(torch.from_numpy(batch)) for batch in _batches(pictures)]
    return [
        best_boxes(box.numpy(), score.numpy(), SUPPRESSION)
        for boxes, scores in found
        for box, score in zip(boxes, scores, strict=True)
    ]


def _compared(of: str, wanted: Sequence[Arrays], got: Sequence[Arrays]) -> tuple[Finding, ...]:
    comparison = compare_outputs("detector", wanted, got, tolerance=FLOAT32_TOLERANCE, of=of)
    if comparison.compared == 0:
        raise ModelError(f"nobody is found in {len(wanted)} pictures, so nothing can be compared: give pictures of people")
    return tuple(DetectionAgreement(difference) for difference in comparison.differences)


def _batches(pictures: UInt8Array) -> Iterator[UInt8Array]:
    for start in range(0, len(pictures), _BATCH):
        yield pictures[start : start + _BATCH]


def _rows(outputs: Arrays) -> list[Arrays]:
    return [{BOXES: boxes, SCORES: scores} for boxes, scores in zip(outputs[BOXES], outputs[SCORES], strict=True)]


def _spec(
    trained: AnyTrained, content: bytes, pictures: UInt8Array, *, name: str, terms: str, calibration: Calibration | None
) -> ModelSpec:
    recipe, commit = trained.recipe, trained.provenance.get("git_commit", "unknown")
    scores = f", {calibration.describe()}" if calibration else ""
    return ModelSpec(
        name=name,
        kind="detector",
        inputs=(TensorSpec(name=IMAGE, dtype="uint8", shape=(-1, *pictures.shape[1:])),),
        outputs=(
            TensorSpec(name=BOXES, dtype="float32", shape=(-1, ROWS, 4)),
            TensorSpec(name=SCORES, dtype="float32", shape=(-1, ROWS)),
        ),
        class_names=("person",),
        sha256=hashlib.sha256(content).hexdigest(),
        source=f"recipe {recipe.name}, fp32, seed {recipe.seed}, data {trained.data[:12]}, commit {commit}{scores}",
        terms=terms,
    )
