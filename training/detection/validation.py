"""Average precision of a detector on frames that it does not learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sightline.evaluation.detection.average_precision import average_precision
from sightline.geometry import Letterbox, letterbox
from sightline.suppression import Suppression, kept_candidates
from sightline.types import Detections, Float32Array
from training.batch import Inputs
from training.config import Precision
from training.data.frames.stored import StoredFrame
from training.nets.system import System
from training.objective import autocast, laid_out
from training.validation import Figures

SUPPRESSION = Suppression(iou=0.5)
"""In validation as in what is served. Boxes of a net that learnt for hours are loose: at YOLOX's 0.65 one in five people had
two confident ones, and tracks with them."""
_BATCH = 16


@dataclass(frozen=True, slots=True)
class DetectionValidation:
    """See :class:`training.validation.Validation`: ``ap`` (the main figure) and ``ap50``, as COCO defines them.

    Attributes:
        frames: at least one of them shows somebody.
        size_hw: frames are letterboxed onto canvases of this size, as the stream does.
        precision, device: how and where.
    """

    frames: Sequence[StoredFrame]
    size_hw: tuple[int, int]
    precision: Precision
    device: torch.device

    def measure(self, system: System) -> Figures:
        """The figures of a system that gives candidates."""
        figures = average_precision(*self.detected(system))
        return Figures("ap", {"ap50": figures.ap50, "ap": figures.ap}, figures.frames)

    def detected(self, system: System) -> tuple[list[Detections], list[Float32Array]]:
        """What it finds in each frame, best first, and who is there: boxes xyxy (B, 4), pixels of the frame."""
        system.eval()
        net = system.inference_net()
        found: list[Detections] = []
        people: list[Float32Array] = []
        for inputs, boxes, placed in self._batches():
            with torch.no_grad(), autocast(self.precision, self.device):
                candidates, scores = net(laid_out(inputs.to(self.device), self.precision).images)
            found += [_detections(*each) for each in zip(candidates, scores, placed, strict=True)]
            people += boxes
        return found, people

    def _batches(self) -> Iterator[tuple[Inputs, list[Float32Array], list[Letterbox]]]:
        for begin in range(0, len(self.frames), _BATCH):
            views = [stored.view() for stored in self.frames[begin : begin + _BATCH]]
            fitted = [letterbox(view.image, self.size_hw) for view in views]
            pixels = np.stack([canvas.transpose(2, 0, 1) for canvas, _ in fitted])
            yield Inputs(torch.from_numpy(pixels)), [view.boxes for view in views], [placed for _, placed in fitted]


def _detections(boxes: Tensor, scores: Tensor, placed: Letterbox) -> Detections:
    corners, certain = boxes.float().cpu().numpy(), scores.float().cpu().numpy()
    rows = kept_candidates(corners, certain, SUPPRESSION)
    return Detections(placed.undo(corners[rows]), certain[rows])
