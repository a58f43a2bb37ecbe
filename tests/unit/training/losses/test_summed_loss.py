"""Terms under one weight."""

from __future__ import annotations

import pytest
import torch

from training.batch import Targets
from training.losses.softmax import SoftmaxLoss
from training.losses.summed import SummedLoss
from training.nets.system import Outputs


def test_it_is_the_sum() -> None:
    outputs = Outputs(logits={"a": torch.randn(4, 3), "b": torch.randn(4, 3)})
    targets = Targets(torch.tensor([0, 1, 2, 0]), torch.zeros(4), torch.zeros(4, 0))
    first, second = SoftmaxLoss("a"), SoftmaxLoss("b", smoothing=0.1)
    torch.testing.assert_close(SummedLoss(first, second)(outputs, targets), first(outputs, targets) + second(outputs, targets))


def test_a_sum_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one term"):
        SummedLoss()
