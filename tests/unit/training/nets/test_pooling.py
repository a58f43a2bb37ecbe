"""Pooling of a map to a vector, from its formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.nets.pooling import GeM, Pooling, build_pooling


@pytest.fixture
def maps() -> torch.Tensor:
    return torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0)) + 0.1


@pytest.mark.parametrize(("kind", "features"), [("average", 3), ("average_max", 6), ("gem", 3)])
def test_it_says_how_many_features_it_makes(kind: Pooling, features: int, maps: torch.Tensor) -> None:
    pooling, made = build_pooling(kind, 3)
    assert made == features
    assert pooling(maps).shape == (2, features)


def test_average_stands_before_maximum(maps: torch.Tensor) -> None:
    pooled = build_pooling("average_max", 3)[0](maps).numpy()
    cells = maps.numpy().reshape(2, 3, -1)
    np.testing.assert_allclose(pooled, np.concatenate([cells.mean(-1), cells.max(-1)], axis=1), rtol=1e-6)


@pytest.mark.parametrize("power", [1.0, 3.0, 6.5])
def test_generalised_mean(power: float, maps: torch.Tensor) -> None:
    pooling = GeM(power)
    pooled = pooling(maps)
    expected = (maps.numpy().reshape(2, 3, -1).astype(np.float64) ** power).mean(-1) ** (1 / power)
    np.testing.assert_allclose(pooled.detach().numpy(), expected, rtol=1e-5)
    pooled.sum().backward()
    assert pooling.power.grad is not None


def test_generalised_mean_of_nothing_has_a_gradient() -> None:
    maps = torch.zeros(1, 2, 3, 3).requires_grad_()
    GeM()(maps).sum().backward()
    assert maps.grad is not None
    assert maps.grad.isfinite().all()
