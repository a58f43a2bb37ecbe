"""The person detector: small enough to be trained, and to run, on a CPU.

The size of the input grows while it learns: small canvases first, as most of the steps then cost a fraction, and large ones at
the end, as a net must have seen them to be good at them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from training.augment.frames.augmentation import FrameAugmentation
from training.augment.frames.config import FrameAugmentConfig
from training.config import OneCycle, OptimiserConfig, Phase, Precision, Shuffled
from training.feed import Opened
from training.losses.detection import BoxLoss, ScoreLoss
from training.losses.task_alignment import TaskAlignment
from training.losses.term import LossTerm
from training.nets.detector.config import STRIDES, DetectorConfig
from training.nets.systems.detector import Detector
from training.recipe import DataFacts, Recipe

if TYPE_CHECKING:
    import torch

    from training.data.config import DataConfig
    from training.data.finding import Report


class PersonDetectorRecipe(Recipe):
    """AdamW with one cycle of the rate; mosaics; averaged weights.

    Attributes:
        system: what the net is made of.
        frames: what happens to training frames; ``augment``, which is of crops, is not asked.
        growing: (from this epoch of the run, side of the square canvas in pixels), in order; the first from epoch 0. It is
            validated on the last: people are as large there as it saw them at its end.
        alpha, beta, most: of :class:`~training.losses.task_alignment.TaskAlignment`.
        focus: beta of :class:`~training.losses.detection.ScoreLoss`.
    """

    name: str = "person_detector"
    size_hw: tuple[int, int] = (416, 416)
    system: DetectorConfig = DetectorConfig()
    frames: FrameAugmentConfig = FrameAugmentConfig()
    growing: tuple[tuple[int, int], ...] = Field(default=((0, 192), (11, 256), (16, 320)), min_length=1)
    alpha: float = Field(default=1.0, gt=0)
    beta: float = Field(default=6.0, gt=0)
    most: int = Field(default=10, ge=1)
    focus: float = Field(default=2.0, ge=0)
    phases: tuple[Phase, ...] = (
        Phase(
            name="detection",
            epochs=18,
            weights={"score": 1.0, "box": 2.0},
            optimiser=OptimiserConfig(kind="adamw", lr=1.5e-3, weight_decay=0.02),
            schedule=OneCycle(rise=0.1),
            sampling=Shuffled(batch_size=8),
        ),
    )
    ema: float | None = 0.998
    clip_norm: float | None = 10.0
    precision: Precision = Precision(channels_last=True)

    @field_validator("growing")
    @classmethod
    def _in_order(cls, growing: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        epochs = [epoch for epoch, _ in growing]
        if epochs[0] != 0 or epochs != sorted(set(epochs)):
            raise ValueError(f"growing: expected epochs that rise from 0, got {epochs}")
        sides = [side for _, side in growing if side <= 0 or side % STRIDES[-1]]
        if sides:
            raise ValueError(f"growing: expected multiples of {STRIDES[-1]} pixels, got {sides[0]}")
        return growing

    def size_of(self, epoch: int) -> tuple[int, int]:
        """Height and width of the canvas in an epoch of the run, pixels."""
        side = [side for begin, side in self.growing if begin <= epoch][-1]
        return side, side

    def build(self, facts: DataFacts) -> Detector:
        del facts
        return Detector(self.system)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        """``score``: is there a person; ``box``: where."""
        del facts
        alignment = TaskAlignment(self.alpha, self.beta, self.most)
        return {"score": ScoreLoss(alignment, beta=self.focus), "box": BoxLoss(alignment)}

    def open(self, data: DataConfig, *, device: torch.device, report: Report) -> Opened:
        from training.data.frames.opening import open_frames
        from training.data.frames.training_set import FrameSet
        from training.detection.validation import DetectionValidation

        augmentation = FrameAugmentation(self.frames)
        opened = open_frames(data, report=report)
        training = FrameSet(opened.train, augmentation, self.size_of, threads=data.threads, ahead=data.ahead)
        judged = any(len(stored.frame.boxes) for stored in opened.val)
        validation = DetectionValidation(opened.val, self.size_of(sys.maxsize), self.precision, device) if judged else None
        return Opened(training, validation)
