"""A detector's export: the contract's tensors, the same boxes as torch, and the gate."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import torch
from support.labelled_frames import write_detection_set

from sightline.errors import ConfigurationError, ModelError
from sightline.models.session import OnnxSession
from sightline.ports import Tensors
from sightline.types import UInt8Array
from training.data.config import DataConfig
from training.export.candidate import Wanted, candidate
from training.export.detector import ExportedDetector, detections_compared_on, export_detector
from training.export.gate_frames import canvases, read_gate_frames
from training.nets.detector.config import DetectorConfig
from training.nets.systems.detector import Detector
from training.recipe import DataFacts
from training.recipes.person_detector import PersonDetectorRecipe
from training.trained import Trained

FACTS = DataFacts(classes=1, attributes={})


def detector(seed: int = 0, *, score: float = 1.0) -> Detector:
    """One that finds a lot: its last layers are set at random."""
    torch.manual_seed(seed)
    system = Detector(DetectorConfig(stem=(8, 8), channels=(16, 16, 16), neck=16, head=16))
    with torch.no_grad():
        for head in system.net.heads:
            head.score.weight.normal_(std=score)
            head.sides.weight.normal_(std=0.3)
    return system.eval()


def pictures(count: int = 5, side: int = 96) -> UInt8Array:
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3), np.uint8)


def exported(system: Detector, images: UInt8Array) -> ExportedDetector:
    trained = Trained(system, PersonDetectorRecipe(), FACTS, "f" * 64, 7, {}, {"git_commit": "abc"})
    return export_detector(trained, system, images, name="person_detector", terms="research use")


class Server:
    """Runs a file as Triton does."""

    def __init__(self, content: bytes) -> None:
        self._session = OnnxSession.open(content, name="served")

    async def infer(self, model: str, inputs: Tensors) -> Tensors:
        assert model == "person_detector"
        return self._session.run(inputs)


def test_it_has_the_tensors_of_the_contract() -> None:
    model = exported(detector(), pictures())
    session = OnnxSession.open(model.onnx, name="detector")
    assert [(each.name, each.dtype, each.shape) for each in session.input_tensors] == [("image", "uint8", (-1, 96, 96, 3))]
    assert {each.name: each.shape for each in session.output_tensors} == {"boxes": (-1, 100, 4), "scores": (-1, 100)}
    assert (model.spec.kind, model.spec.canvas_hw, model.spec.class_names) == ("detector", (96, 96), ("person",))
    assert model.spec.terms == "research use"
    assert "recipe person_detector" in model.spec.source
    assert all(finding.passed for finding in model.findings)


def test_rows_are_sorted_and_filled_up() -> None:
    session = OnnxSession.open(exported(detector(), pictures()).onnx, name="detector")
    outputs = session.run({"image": pictures(3)})
    for boxes, scores in zip(outputs["boxes"], outputs["scores"], strict=True):
        assert (np.diff(scores) <= 0).all()
        assert (scores > 0.01).sum() > 3
        assert not boxes[scores == 0].any()


def test_a_picture_alone_gives_what_it_gives_in_a_batch() -> None:
    session = OnnxSession.open(exported(detector(), pictures()).onnx, name="detector")
    together = session.run({"image": pictures(4)})
    alone = session.run({"image": pictures(4)[2:3]})
    np.testing.assert_allclose(alone["scores"][0], together["scores"][2], atol=1e-5)


def test_the_gate_refuses_another_net_and_a_comparison_of_nothing() -> None:
    with pytest.raises(ModelError, match="nobody is found in 5 pictures"):
        exported(detector(score=0.0), pictures())
    with pytest.raises(ValueError, match="two pictures or more"):
        exported(detector(), pictures(1))


async def test_a_server_is_held_to_the_same() -> None:
    images = pictures()
    model = exported(detector(), images)
    assert all(finding.passed for finding in await detections_compared_on(Server(model.onnx), model, images))
    other = await detections_compared_on(Server(exported(detector(1), images).onnx), model, images)
    assert not all(finding.passed for finding in other)
    assert any(finding.describe().startswith("BAD") for finding in other)


def test_frames_for_validation_are_compared(tmp_path: Path) -> None:
    folder = write_detection_set(tmp_path / "set", val=5)
    frames = canvases(read_gate_frames(DataConfig(path=folder)), (64, 96), limit=3)
    assert frames.shape == (3, 64, 96, 3)
    with pytest.raises(ConfigurationError, match="1 frames for validation, and a comparison needs two"):
        read_gate_frames(DataConfig(path=write_detection_set(tmp_path / "small", val=1)))


def test_the_canvas_is_the_recipes_or_another_multiple_of_32(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    system, data = detector(), write_detection_set(tmp_path / "set")
    trained = Trained(system, PersonDetectorRecipe(size_hw=(64, 96)), FACTS, "f" * 64, 7, {}, {"git_commit": "abc"})
    made = candidate(trained, Wanted("person_detector", data))
    assert "too few people are found" in caplog.text, "an untrained net finds nobody whom scores could be calibrated by"
    assert made.spec.canvas_hw == (64, 96)
    assert candidate(trained, Wanted("person_detector", data, canvas=128)).spec.canvas_hw == (128, 128)
    assert all(finding.passed for finding in asyncio.run(made.compare_on(Server(made.onnx))))
    with pytest.raises(ConfigurationError, match="multiples of 32, got 100x100"):
        candidate(trained, Wanted("person_detector", data, canvas=100))
    with pytest.raises(ConfigurationError, match="are for embedders"):
        candidate(trained, Wanted("person_detector", data, flip=True))
