"""24 branches become 13, and these 8: hand-made sums."""

from __future__ import annotations

import pytest
import torch

from sightline.body_model.parts import FRONT_BACK, LEFT_RIGHT
from training.nets.dsa.merging import Merge


def test_groups_are_sums_of_their_branches() -> None:
    value = torch.tensor([1.0, 10.0, 100.0]).repeat_interleave(2).reshape(1, 6, 1, 1)
    assert Merge([(2, 0), (1,)])(value).flatten().tolist() == [101, 101, 10, 10]


def test_24_parts_end_in_8_regions() -> None:
    powers = 2.0 ** torch.arange(24).reshape(1, 24, 1, 1)
    merge = torch.nn.Sequential(Merge(tuple(LEFT_RIGHT.values())), Merge(tuple(FRONT_BACK.values())))
    ids = [(1, 2), (3, 4), (5, 6), (7, 8, 9, 10), (11, 12, 13, 14), (15, 16, 17, 18), (19, 20, 21, 22), (23, 24)]
    assert merge(powers).flatten().tolist() == [sum(2.0 ** (part - 1) for part in region) for region in ids]


@pytest.mark.parametrize("groups", [[(0,), (0, 1)], [(0, 2)]])
def test_each_branch_is_in_one_group(groups: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="each branch in one group"):
        Merge(groups)


def test_every_branch_learns() -> None:
    value = torch.randn(2, 6, 3, 3, requires_grad=True)
    Merge([(0, 1), (2,)])(value).sum().backward()
    assert torch.equal(value.grad, torch.ones_like(value))
