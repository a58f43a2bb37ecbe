"""Averaging onto a coarser grid, against torch's own."""

import pytest
import torch
from torch.nn import functional

from training.nets.area_resize import area_resize


@pytest.mark.parametrize(("before", "after"), [((16, 8), (8, 4)), ((27, 12), (12, 5)), ((4, 2), (8, 4)), ((5, 3), (1, 1))])
def test_it_is_adaptive_average_pooling(before: tuple[int, int], after: tuple[int, int]) -> None:
    maps = torch.randn(2, 3, *before, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(area_resize(maps, after), functional.adaptive_avg_pool2d(maps, after))
