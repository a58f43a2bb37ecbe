"""The two losses of the detector: is there a person, and where.

Both share the people among the cells by :class:`~training.losses.task_alignment.TaskAlignment`, and are divided by the sum of
the scores that are to be learnt, at least 1, so that a picture of a crowd does not drown the others.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from training.batch import Targets
from training.losses.generalised_iou import generalised_iou
from training.losses.task_alignment import Assigned, TaskAlignment
from training.nets.detector.cells import boxes_around, cells_of, in_rows
from training.nets.detector.config import STRIDES
from training.nets.system import Outputs
from training.nets.systems.detector import SCORES, SIDES


@dataclass(frozen=True, slots=True)
class _Compared:
    """Logits (N, A) and boxes (N, A, 4) as predicted, and what they are to be."""

    logits: Tensor
    boxes: Tensor
    assigned: Assigned

    @property
    def count(self) -> Tensor:
        """What sums over cells are divided by."""
        return self.assigned.scores.sum().clamp(min=1)


class ScoreLoss:
    """Quality focal loss (Li et al., "Generalized Focal Loss", NeurIPS 2020, equation 3) over all cells.

    sum |y - s|^beta BCE(s, y) / max(1, sum y), with s the score and y in [0, 1] what it is to be; beta = 0 is plain
    cross-entropy.

    Raises:
        ValueError: called with targets without boxes.
    """

    def __init__(self, alignment: TaskAlignment, *, beta: float = 2.0) -> None:
        self._alignment, self._beta = alignment, beta

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        compared = _compared(outputs, targets, self._alignment)
        wanted = compared.assigned.scores
        entropy = functional.binary_cross_entropy_with_logits(compared.logits, wanted, reduction="none")
        far_off = (wanted - compared.logits.sigmoid()).abs()
        return (far_off.pow(self._beta) * entropy).sum() / compared.count


class BoxLoss:
    """sum y (1 - GIoU) / max(1, sum y) over the cells that have a person; y is what their score is to be (TOOD, equation 9).

    Raises:
        ValueError: called with targets without boxes.
    """

    def __init__(self, alignment: TaskAlignment) -> None:
        self._alignment = alignment

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        compared = _compared(outputs, targets, self._alignment)
        learns = compared.assigned.learns
        misfit = 1 - generalised_iou(compared.boxes[learns], compared.assigned.boxes[learns])
        return (compared.assigned.scores[learns] * misfit).sum() / compared.count


def _compared(outputs: Outputs, targets: Targets, alignment: TaskAlignment) -> _Compared:
    if targets.boxes is None:
        raise ValueError("the losses of a detector need boxes among the targets; those of frames without people are (N, 0, 4)")
    scores, sides = outputs.maps[SCORES], outputs.maps[SIDES]
    cells = cells_of(scores, STRIDES)
    logits, boxes = in_rows(scores).squeeze(2).float(), boxes_around(cells.centres, in_rows(sides).float())
    return _Compared(logits, boxes, alignment.assign(logits.sigmoid(), boxes, cells, targets.boxes))
