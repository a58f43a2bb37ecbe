"""Which cell learns which person: those that already say it best, in score and in box together.

Feng et al., "TOOD: Task-aligned One-stage Object Detection" (ICCV 2021), sections 3.2 and 3.3: a cell's alignment with a
person is t = s^alpha u^beta, with s its score and u the IoU of its box. The best ``most`` cells whose centres lie in the
person's box (FCOS, Tian et al., ICCV 2019) learn the person; a cell that several people claim takes the one whom its box
overlaps best. What a cell's score learns is t of its person, scaled so that the best cell's is the greatest IoU.

The paper does not say what becomes of a person smaller than a cell, and this settles it: the box is taken as at least one
stride wide and high, so that each level has a cell for everybody.

Legend: N pictures, A cells, B people a picture at most; rows of zeros stand for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.losses.generalised_iou import iou
from training.nets.detector.cells import Cells


@dataclass(frozen=True, slots=True)
class Assigned:
    """What each cell learns.

    Attributes:
        scores: float32 (N, A) in [0, 1]; 0 = there is no person for this cell.
        boxes: float32 (N, A, 4): of its person; of no meaning where ``learns`` is false.
        learns: bool (N, A): whether the cell has a person.
    """

    scores: Tensor
    boxes: Tensor
    learns: Tensor


@dataclass(frozen=True, slots=True)
class TaskAlignment:
    """alpha and beta of t, and the most cells that learn one person."""

    alpha: float = 1.0
    beta: float = 6.0
    most: int = 10

    @torch.no_grad()
    def assign(self, scores: Tensor, boxes: Tensor, cells: Cells, people: Tensor) -> Assigned:
        """Share the people among the cells.

        Args:
            scores: (N, A) in [0, 1], as predicted.
            boxes: (N, A, 4), as predicted.
            cells: A of them.
            people: (N, B, 4).
        """
        if people.shape[1] == 0:
            return Assigned(torch.zeros_like(scores), torch.zeros_like(boxes), torch.zeros_like(scores, dtype=torch.bool))
        overlaps = iou(people[:, :, None], boxes[:, None])  # (N, B, A)
        aligned = scores[:, None].pow(self.alpha) * overlaps.pow(self.beta) * _inside(people, cells)
        claimed = aligned * _among_the_best(aligned, self.most)
        # A cell of several people takes the one of the greatest overlap.
        person = torch.where(claimed > 0, overlaps, -1.0).argmax(dim=1, keepdim=True)
        alone = torch.zeros_like(claimed).scatter_(1, person, 1.0)
        claimed = claimed * alone
        best_overlap = (overlaps * (claimed > 0)).amax(dim=2, keepdim=True)
        greatest = claimed.amax(dim=2, keepdim=True)
        targets = claimed / greatest.clamp(min=torch.finfo(greatest.dtype).tiny) * best_overlap
        chosen = people.gather(1, person.transpose(1, 2).expand(-1, -1, 4))
        return Assigned(targets.sum(dim=1), chosen, (claimed > 0).any(dim=1))


def _inside(people: Tensor, cells: Cells) -> Tensor:
    """Whether each cell's centre lies in each person's box, float (N, B, A); false for rows of nobody."""
    middle, half = (people[..., :2] + people[..., 2:]) / 2, (people[..., 2:] - people[..., :2]) / 2
    reach = torch.maximum(half[:, :, None], cells.strides[:, None] / 2)  # (N, B, A, 2)
    near = ((cells.centres - middle[:, :, None]).abs() <= reach).all(dim=-1)
    somebody = (half > 0).all(dim=-1, keepdim=True)
    return (near & somebody).to(people.dtype)


def _among_the_best(aligned: Tensor, most: int) -> Tensor:
    """1 where a cell is among the ``most`` of its person (N, B, A), else 0."""
    best = aligned.topk(min(most, aligned.shape[2]), dim=2).indices
    return torch.zeros_like(aligned).scatter_(2, best, 1.0)
