"""The InceptionNet of domain guided dropout, layer by layer."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from training.nets.backbones.config import DgdInceptionConfig
from training.nets.backbones.dgd_inception import InceptionA, InceptionB, dgd_inception

TABLE = {
    "conv1": (32, 144, 56),
    "conv2": (32, 144, 56),
    "conv3": (32, 144, 56),
    "pool1": (32, 72, 28),
    "inception_1a": (256, 72, 28),
    "inception_1b": (384, 36, 14),
    "inception_2a": (512, 36, 14),
    "inception_2b": (768, 18, 7),
    "inception_3a": (1024, 18, 7),
    "inception_3b": (1536, 9, 4),
}


def test_maps_are_those_of_the_papers_table() -> None:
    backbone = dgd_inception(DgdInceptionConfig()).eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 144, 56))
    assert {name: tuple(value.shape[1:]) for name, value in maps.items()} == TABLE


def test_parameters_are_those_of_its_convolutions() -> None:
    def convolution(before: int, after: int, cells: int) -> int:
        return before * after * cells + 2 * after

    expected = convolution(3, 32, 9) + 2 * convolution(32, 32, 9)
    channels = 32
    for each in (64, 128, 256):
        expected += 4 * convolution(channels, each, 1) + 3 * convolution(each, each, 9)
        channels = 4 * each
        expected += 2 * convolution(channels, each, 1) + 3 * convolution(each, each, 9)
        channels += 2 * each
    backbone = dgd_inception(DgdInceptionConfig())
    assert sum(weight.numel() for weight in backbone.parameters()) == expected


def test_the_order_of_the_branches() -> None:
    torch.manual_seed(0)
    block = InceptionA(6, 5).eval()
    value = torch.rand(1, 6, 7, 5)
    with torch.no_grad():
        whole = block(value)
        assert torch.equal(whole[:, :5], block.point(value))
        assert torch.equal(whole[:, 5:10], block.once(value))
        assert torch.equal(whole[:, 10:15], block.twice(value))
        assert torch.equal(whole[:, 15:], block.pooled(value))


@pytest.mark.parametrize(("height", "width"), [(8, 6), (8, 7), (9, 6), (5, 5)])
def test_the_maximum_is_cut_as_the_original_cuts_it(height: int, width: int) -> None:
    """Rounded up without padding where a side is even, with a padded cell where it is odd."""
    torch.manual_seed(0)
    value = torch.rand(2, 4, height, width)
    block = InceptionB(4, 3).eval()
    padding = (height % 2, width % 2)
    expected = functional.max_pool2d(value, 3, 2, padding=padding, ceil_mode=True)[..., : (height + 1) // 2, : (width + 1) // 2]
    with torch.no_grad():
        whole = block(value)
    assert whole.shape == (2, 10, (height + 1) // 2, (width + 1) // 2)
    assert torch.equal(whole[:, 6:], expected)
