"""The detector's assignment and losses, recomputed from the papers' formulas cell by cell."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from training.batch import Targets
from training.losses.detection import BoxLoss, ScoreLoss
from training.losses.generalised_iou import generalised_iou, iou
from training.losses.task_alignment import TaskAlignment
from training.nets.detector.cells import Cells, boxes_around, cells_of, in_rows
from training.nets.detector.config import STRIDES
from training.nets.system import Outputs

SIDE = 64
NOBODY = torch.zeros(1, 0, 4)


def targets(boxes: Tensor | None) -> Targets:
    numbers = torch.zeros(1 if boxes is None else len(boxes), dtype=torch.int64)
    return Targets(numbers, numbers, torch.zeros(len(numbers), 0, dtype=torch.int64), boxes=boxes)


def outputs(count: int = 1, seed: int = 0) -> Outputs:
    random = torch.Generator().manual_seed(seed)
    sizes = [SIDE // stride for stride in STRIDES]
    scores = tuple(torch.randn(count, 1, size, size, generator=random).requires_grad_() for size in sizes)
    sides = tuple(
        (torch.rand(count, 4, size, size, generator=random) * 3 * stride + 1).requires_grad_()
        for size, stride in zip(sizes, STRIDES, strict=True)
    )
    return Outputs(maps={"scores": scores, "sides": sides})


def predicted(made: Outputs) -> tuple[Tensor, Tensor, Cells]:
    cells = cells_of(made.maps["scores"], STRIDES)
    boxes = boxes_around(cells.centres, in_rows(made.maps["sides"]))
    return in_rows(made.maps["scores"]).squeeze(2).detach(), boxes.detach(), cells


def by_hand(logits: Tensor, boxes: Tensor, cells: Cells, people: Tensor, rule: TaskAlignment) -> tuple[Tensor, list[int]]:
    """Scores to be learnt of one picture (A,), and each cell's person (-1 = nobody), from sections 3.2 and 3.3 of TOOD."""
    aligned = [[0.0] * len(cells) for _ in people]
    for p, person in enumerate(people):
        middle, half = (person[:2] + person[2:]) / 2, (person[2:] - person[:2]) / 2
        for a in range(len(cells)):
            reach = torch.clamp(half, min=float(cells.strides[a]) / 2)
            if (person[2:] > person[:2]).all() and ((cells.centres[a] - middle).abs() <= reach).all():
                overlap = float(iou(person, boxes[a]))
                aligned[p][a] = float(torch.sigmoid(logits[a])) ** rule.alpha * overlap**rule.beta
    owner = [-1] * len(cells)
    for p in range(len(people)):
        for a in sorted(range(len(cells)), key=lambda a: -aligned[p][a])[: rule.most]:
            better = owner[a] < 0 or iou(people[p], boxes[a]) > iou(people[owner[a]], boxes[a])
            if aligned[p][a] > 0 and better:
                owner[a] = p
    wanted = torch.zeros(len(cells))
    for p in range(len(people)):
        mine = [a for a in range(len(cells)) if owner[a] == p]
        for a in mine:
            best = max(float(iou(people[p], boxes[b])) for b in mine)
            wanted[a] = aligned[p][a] / max(aligned[p][b] for b in mine) * best
    return wanted, owner


PEOPLE = torch.tensor([[[4.0, 4, 30, 60], [20, 10, 50, 44], [40, 40, 43, 44], [0, 0, 0, 0]]])


def test_frames_without_people_learn_that_there_is_nobody() -> None:
    made = outputs()
    for boxes in (NOBODY, torch.zeros(1, 3, 4)):
        assert BoxLoss(TaskAlignment())(made, targets(boxes)).item() == 0
        loss = ScoreLoss(TaskAlignment())(made, targets(boxes))
        logits = in_rows(made.maps["scores"])
        expected = (logits.sigmoid() ** 2 * -torch.log(1 - logits.sigmoid())).sum()
        torch.testing.assert_close(loss, expected)
    BoxLoss(TaskAlignment())(made, targets(NOBODY)).backward()
    assert made.maps["sides"][0].grad is not None
    assert not made.maps["sides"][0].grad.any()


@pytest.mark.parametrize("seed", range(4))
def test_people_are_shared_among_the_cells_as_the_paper_says(seed: int) -> None:
    logits, boxes, cells = predicted(outputs(seed=seed))
    rule = TaskAlignment(most=4)
    wanted, owner = by_hand(logits[0], boxes[0], cells, PEOPLE[0], rule)
    assigned = rule.assign(logits.sigmoid(), boxes, cells, PEOPLE)
    torch.testing.assert_close(assigned.scores[0], wanted)
    assert assigned.learns[0].tolist() == [person >= 0 for person in owner]
    for cell, person in enumerate(owner):
        if person >= 0:
            assert assigned.boxes[0, cell].tolist() == PEOPLE[0, person].tolist()
    assert {0, 1, 2} <= set(owner), "even a person smaller than a cell has one"


def test_the_best_cell_of_each_person_learns_the_best_overlap() -> None:
    logits, boxes, cells = predicted(outputs())
    assigned = TaskAlignment().assign(logits.sigmoid(), boxes, cells, PEOPLE)
    for person in PEOPLE[0, :3]:
        mine = assigned.learns[0] & (assigned.boxes[0] == person).all(dim=1)
        assert assigned.scores[0, mine].max() == pytest.approx(float(iou(person, boxes[0, mine]).max()))


def test_pictures_do_not_mix() -> None:
    made = outputs(count=2, seed=3)
    logits, boxes, cells = predicted(made)
    people = torch.cat([torch.zeros_like(PEOPLE), PEOPLE])
    both = TaskAlignment().assign(logits.sigmoid(), boxes, cells, people)
    alone = TaskAlignment().assign(logits[1:].sigmoid(), boxes[1:], cells, PEOPLE)
    assert not both.learns[0].any()
    torch.testing.assert_close(both.scores[1:], alone.scores)


@pytest.mark.parametrize("beta", [0.0, 2.0])
def test_the_score_loss_is_equation_3_over_the_sum_of_scores(beta: float) -> None:
    made = outputs(seed=1)
    logits, boxes, cells = predicted(made)
    wanted, _ = by_hand(logits[0], boxes[0], cells, PEOPLE[0], TaskAlignment())
    expected = 0.0
    for logit, y in zip(logits[0].tolist(), wanted.tolist(), strict=True):
        s = 1 / (1 + math.exp(-logit))
        expected -= abs(y - s) ** beta * ((1 - y) * math.log(1 - s) + y * math.log(s))
    loss = ScoreLoss(TaskAlignment(), beta=beta)(made, targets(PEOPLE))
    assert loss.item() == pytest.approx(expected / max(1.0, float(wanted.sum())), rel=1e-4)
    loss.backward()
    assert all(level.grad is not None and level.grad.any() for level in made.maps["scores"])


def test_the_box_loss_is_the_weighted_misfit() -> None:
    made = outputs(seed=2)
    logits, boxes, cells = predicted(made)
    wanted, owner = by_hand(logits[0], boxes[0], cells, PEOPLE[0], TaskAlignment())
    expected = sum(
        float(wanted[a]) * (1 - float(generalised_iou(boxes[0, a], PEOPLE[0, p]))) for a, p in enumerate(owner) if p >= 0
    )
    loss = BoxLoss(TaskAlignment())(made, targets(PEOPLE))
    assert loss.item() == pytest.approx(expected / max(1.0, float(wanted.sum())), rel=1e-4)
    loss.backward()
    assert made.maps["sides"][0].grad is not None


def test_targets_without_boxes_are_refused() -> None:
    with pytest.raises(ValueError, match="need boxes among the targets"):
        ScoreLoss(TaskAlignment())(outputs(), targets(None))
