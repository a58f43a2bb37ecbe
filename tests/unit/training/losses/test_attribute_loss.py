"""Attribute losses, recomputed from their formulas; labels may be missing."""

import math

import pytest
import torch
from torch import Tensor

from sightline.attributes import MISSING
from training.batch import Targets
from training.losses.attributes import AttributeLoss, HeadLoss, binary_loss, softmax_loss
from training.nets.system import Outputs

LOGITS = torch.tensor([[0.2, -1.0, 0.7], [1.5, 0.1, -0.3], [0.0, 2.0, 0.4], [-0.6, 0.3, 0.9]])
LABELS = torch.tensor([2, MISSING, 1, 0])


def by_softmax(logits: Tensor, labels: Tensor) -> float:
    losses = [
        -math.log(math.exp(row[label]) / sum(math.exp(value) for value in row))
        for row, label in zip(logits.tolist(), labels.tolist(), strict=True)
        if label != MISSING
    ]
    return sum(losses) / len(losses)


def by_questions(logits: Tensor, labels: Tensor) -> float:
    losses = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        if label != MISSING:
            yes = [1 / (1 + math.exp(-value)) for value in row]
            losses.append(sum(-math.log(p if value == label else 1 - p) for value, p in enumerate(yes)))
    return sum(losses) / len(losses)


def targets(attributes: Tensor) -> Targets:
    numbers = torch.zeros(len(attributes), dtype=torch.int64)
    return Targets(numbers, numbers, attributes)


def test_softmax_is_minus_log_p_over_the_labelled() -> None:
    assert float(softmax_loss(LOGITS, LABELS)) == pytest.approx(by_softmax(LOGITS, LABELS), rel=1e-5)


def test_binary_asks_of_every_value() -> None:
    assert float(binary_loss(LOGITS, LABELS)) == pytest.approx(by_questions(LOGITS, LABELS), rel=1e-5)


@pytest.mark.parametrize("head_loss", [softmax_loss, binary_loss])
def test_no_label_no_loss_no_gradient(head_loss: HeadLoss) -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = head_loss(logits, torch.full((4,), MISSING))
    loss.backward()
    assert float(loss.detach()) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize("head_loss", [softmax_loss, binary_loss])
def test_who_is_not_labelled_feels_no_gradient(head_loss: HeadLoss) -> None:
    logits = LOGITS.clone().requires_grad_()
    head_loss(logits, LABELS).backward()
    assert logits.grad is not None
    assert logits.grad.any(dim=1).tolist() == [True, False, True, True]


def test_attributes_are_summed() -> None:
    attributes = torch.stack([LABELS, torch.tensor([0, 1, 1, MISSING])], dim=1)
    outputs = Outputs(logits={"attribute/hat": LOGITS[:, :2], "attribute/age": LOGITS})
    expected = by_softmax(LOGITS, LABELS) + by_softmax(LOGITS[:, :2], attributes[:, 1])
    assert float(AttributeLoss(["age", "hat"])(outputs, targets(attributes))) == pytest.approx(expected, rel=1e-5)


def test_half_precision_logits_are_summed_in_float32() -> None:
    outputs = Outputs(logits={"attribute/age": LOGITS.to(torch.bfloat16)})
    assert AttributeLoss(["age"])(outputs, targets(LABELS[:, None])).dtype == torch.float32


def test_a_mismatch_is_said() -> None:
    with pytest.raises(ValueError, match="at least one attribute"):
        AttributeLoss([])
    loss = AttributeLoss(["age", "hat"])
    with pytest.raises(ValueError, match="expected labels of 2 attributes, got 1"):
        loss(Outputs(), targets(LABELS[:, None]))
    with pytest.raises(ValueError, match="the outputs lack hat"):
        loss(Outputs(logits={"attribute/age": LOGITS}), targets(torch.stack([LABELS, LABELS], dim=1)))
