"""The softmax loss, recomputed in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.batch import Targets
from training.losses.softmax import SoftmaxLoss
from training.nets.system import Outputs


def targets(classes: list[int]) -> Targets:
    given = torch.tensor(classes, dtype=torch.int64)
    return Targets(given, torch.zeros_like(given), torch.zeros(len(classes), 0, dtype=torch.int64))


def cross_entropy(logits: np.ndarray, classes: list[int], smoothing: float) -> float:
    wanted = np.full_like(logits, smoothing / logits.shape[1])
    wanted[np.arange(len(classes)), classes] += 1 - smoothing
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return float(-(wanted * logs).sum(axis=1).mean())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_it_is_the_formula(smoothing: float) -> None:
    logits = torch.randn(5, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64).float()
    loss = SoftmaxLoss("global", smoothing=smoothing)(Outputs(logits={"global": logits}), targets([0, 6, 3, 3, 1]))
    assert loss.item() == pytest.approx(cross_entropy(logits.double().numpy(), [0, 6, 3, 3, 1], smoothing), rel=1e-6)


def test_heads_are_added() -> None:
    generator = torch.Generator().manual_seed(1)
    outputs = Outputs(logits={f"part_{i}": torch.randn(2, 3, generator=generator) for i in range(3)})
    single = [SoftmaxLoss(head)(outputs, targets([0, 2])) for head in ("part_0", "part_2")]
    assert SoftmaxLoss("part_0", "part_2")(outputs, targets([0, 2])).item() == pytest.approx(sum(single).item())


def test_half_precision_logits_are_summed_in_full() -> None:
    logits = torch.randn(4, 1500, generator=torch.Generator().manual_seed(2)).bfloat16()
    loss = SoftmaxLoss("global")(Outputs(logits={"global": logits}), targets([0, 1, 2, 3]))
    assert loss.dtype == torch.float32


def test_over_nobody_it_is_zero_with_no_gradient() -> None:
    weights = torch.ones(4, 3, requires_grad=True)
    loss = SoftmaxLoss("global")(Outputs(logits={"global": torch.zeros(0, 4) @ weights}), targets([]))
    loss.backward()
    assert loss.item() == 0
    assert weights.grad is not None
    assert not weights.grad.any()


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one head"):
        SoftmaxLoss()
    with pytest.raises(ValueError, match=r"in \[0, 1\), got 1"):
        SoftmaxLoss("global", smoothing=1.0)
