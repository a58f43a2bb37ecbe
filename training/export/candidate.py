"""A trained net on its way into a model repository, of whatever kind it is."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from sightline.errors import ConfigurationError
from sightline.ports import Inference
from sightline.spec import ModelSpec
from sightline.types import UInt8Array
from training.data.config import DataConfig
from training.detection.calibration import calibration
from training.detection.validation import DetectionValidation
from training.export.contract_net import ContractNet
from training.export.detector import detections_compared_on, export_detector
from training.export.exporting import compared_on, export
from training.export.gate import Finding, Precision
from training.export.gate_data import read_gate_data, read_posed_crops
from training.export.gate_frames import canvases, read_gate_frames
from training.export.perception import compared_on_server, export_perception
from training.export.served_iuv import served_iuv
from training.export.served_net import crop_hw
from training.export.served_pose import served_pose
from training.nets.detector.config import STRIDES
from training.nets.system import EmbeddingSystem
from training.nets.systems.detector import Detector
from training.nets.systems.iuv import IuvSystem
from training.nets.systems.pose_system import PoseSystem
from training.recipes.densepose import DenseposeRecipe
from training.trained import AnyTrained, describing

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of a trained net.

    Attributes:
        name: on Triton.
        data: a set whose pictures are compared.
        limit: how many, at most.
        precision: of the arithmetic.
        flip: add up the embeddings of crop and mirrored crop; of embedders alone.
        terms: of the weights, kept in the spec.
        canvas: side of a detector's square canvas, pixels; None = as its recipe says.
    """

    name: str
    data: Path
    limit: int = 64
    precision: Precision = "fp32"
    flip: bool = False
    terms: str = ""
    canvas: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that agrees with the trained net.

    Attributes:
        spec: as version 1.
        onnx: the file's bytes.
        findings: of the comparison.
        compare_on: does a server give what ONNX Runtime gives here?
    """

    spec: ModelSpec
    onnx: bytes
    findings: Sequence[Finding]
    compare_on: Callable[[Inference], Awaitable[Sequence[Finding]]]


def candidate(trained: AnyTrained, wanted: Wanted) -> Candidate:
    """Trace, describe and compare. Blocking: seconds; minutes where a set is to be ranked.

    Raises:
        ModelError: the exported net differs from the trained one.
        ConfigurationError: the data cannot be read, what is wanted does not go with this kind of net, or nothing serves it.
    """
    data = DataConfig(path=wanted.data)
    if wanted.canvas is not None and not isinstance(trained.system, Detector):
        raise ConfigurationError("a canvas is for detectors; leave out --canvas")
    match trained.system:
        case EmbeddingSystem():
            return _embedder(trained, wanted, data)
        case PoseSystem() as system:
            served = served_pose(system, trained.recipe.size_hw)
            return _perception(trained, wanted, served, read_posed_crops(data, trained.recipe.size_hw, limit=wanted.limit))
        case Detector() as system:
            return _detector(trained, system, wanted, data)
        case IuvSystem() as system:
            assert isinstance(trained.recipe, DenseposeRecipe), "which alone builds this system"
            size_hw = trained.recipe.crop_hw
            pictures = read_posed_crops(data, size_hw, limit=wanted.limit)
            return _perception(trained, wanted, served_iuv(system, size_hw), pictures)
    raise ConfigurationError(f"the weights are of recipe {trained.recipe.name!r}, whose nets are not served by themselves")


def _embedder(trained: AnyTrained, wanted: Wanted, data: DataConfig) -> Candidate:
    embedder = describing(trained)
    gate = read_gate_data(data, crop_hw(embedder.recipe), limit=wanted.limit)
    exported = export(embedder, name=wanted.name, data=gate, precision=wanted.precision, flip=wanted.flip, terms=wanted.terms)

    async def compare_on(server: Inference) -> Sequence[Finding]:
        return [await compared_on(server, exported, gate.compared)]

    return Candidate(exported.spec, exported.onnx, exported.findings, compare_on)


def _perception(trained: AnyTrained, wanted: Wanted, served: ContractNet, pictures: UInt8Array) -> Candidate:
    _require_plain(wanted)
    exported = export_perception(served, trained, pictures, name=wanted.name, terms=wanted.terms)

    async def compare_on(server: Inference) -> Sequence[Finding]:
        return await compared_on_server(server, exported, pictures)

    return Candidate(exported.spec, exported.onnx, exported.findings, compare_on)


def _detector(trained: AnyTrained, system: Detector, wanted: Wanted, data: DataConfig) -> Candidate:
    _require_plain(wanted)
    height, width = (wanted.canvas, wanted.canvas) if wanted.canvas else trained.recipe.size_hw
    if height % STRIDES[-1] or width % STRIDES[-1]:
        raise ConfigurationError(f"a detector's canvas has sides that are multiples of {STRIDES[-1]}, got {height}x{width}")
    frames = read_gate_frames(data)
    validation = DetectionValidation(frames, (height, width), trained.recipe.precision, torch.device("cpu"))
    scores = calibration(*validation.detected(system))
    if scores is None:
        logger.warning(
            "too few people are found in %s to calibrate the scores by: they stay the net's own, and the stream's thresholds "
            "may not suit them; export with --data that shows people",
            data.path,
        )
    pictures = canvases(frames, (height, width), limit=wanted.limit)
    exported = export_detector(trained, system, pictures, name=wanted.name, terms=wanted.terms, calibration=scores)

    async def compare_on(server: Inference) -> Sequence[Finding]:
        return await detections_compared_on(server, exported, pictures)

    return Candidate(exported.spec, exported.onnx, exported.findings, compare_on)


def _require_plain(wanted: Wanted) -> None:
    if wanted.precision != "fp32" or wanted.flip:
        raise ConfigurationError(
            "coarser arithmetic and added mirror images are for embedders; leave out --precision and --flip"
        )
