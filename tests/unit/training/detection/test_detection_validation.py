"""The validation of detectors: candidates suppressed, boxes in pixels of the frames."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.labelled_frames import write_detection_set
from torch import Tensor, nn

from training.config import Precision
from training.data.config import DataConfig
from training.data.frames.opening import open_frames
from training.data.frames.stored import StoredFrame
from training.detection.validation import DetectionValidation
from training.nets.detector.config import DetectorConfig
from training.nets.systems.detector import Detector

SIDE = 128


class Oracle(nn.Module):
    """Finds what is red, twice."""

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        boxes, scores = torch.zeros(len(images), 4, 4), torch.zeros(len(images), 4)
        for row, image in enumerate(images):
            red = (image[0].int() - image[1].int()) > 60
            for half in range(2):
                part = torch.zeros_like(red)
                part[:, half * SIDE // 2 : (half + 1) * SIDE // 2] = True
                y, x = torch.nonzero(red & part, as_tuple=True)
                if len(x):
                    box = torch.stack([x.min(), y.min(), x.max() + 1, y.max() + 1]).float()
                    boxes[row, 2 * half : 2 * half + 2], scores[row, 2 * half : 2 * half + 2] = box, torch.tensor([0.9, 0.8])
        return boxes, scores


class Sees(Detector):
    def inference_net(self) -> nn.Module:  # type: ignore[override]
        return Oracle()


def frames(folder: Path) -> tuple[StoredFrame, ...]:
    return tuple(open_frames(DataConfig(path=write_detection_set(folder, val=20))).val)


def validation(stored: tuple[StoredFrame, ...]) -> DetectionValidation:
    return DetectionValidation(stored, (SIDE, SIDE), Precision(), torch.device("cpu"))


def test_a_detector_that_sees_everything_scores_one(tmp_path: Path) -> None:
    figures = validation(frames(tmp_path / "set")).measure(Sees(DetectorConfig()))
    assert figures.main == "ap"
    assert figures.samples == 20
    assert figures.values["ap50"] == 1.0
    assert figures.score > 0.9  # the letterbox rounds to pixels


def test_one_that_has_learnt_nothing_scores_nothing(tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = DetectorConfig(stem=(8, 8), channels=(16, 16, 16), neck=16, head=16)
    figures = validation(frames(tmp_path / "set")).measure(Detector(small).train())
    assert figures.score == pytest.approx(0, abs=0.05)
