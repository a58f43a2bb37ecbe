"""Grouped blocks against the plain loop: each branch a block of its own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from training.nets.backbones.residual_blocks import BasicBlock, Bottleneck
from training.nets.dsa.grouped_blocks import EXPANSION, GroupedBlock, grouped_blocks, grouped_conv

GROUPS = 3


def plain_branch(grouped: GroupedBlock, branch: int, plain: nn.Module) -> nn.Module:
    """``plain`` with the weights of one branch."""
    layers = [layer for layer in grouped.residual if not isinstance(layer, nn.ReLU)]
    ours = [*layers, *(grouped.shortcut if isinstance(grouped.shortcut, nn.Sequential) else ())]
    theirs = [layer for layer in plain.modules() if isinstance(layer, nn.Conv2d | nn.BatchNorm2d)]
    # A plain block registers its convolutions, each before its normalisation, and the projection last, as ours stand.
    for mine, other in zip(ours, theirs, strict=True):
        for name, value in other.named_parameters():
            value.data = mine.get_parameter(name).data.chunk(GROUPS)[branch].clone()
    return plain


def loop(grouped: GroupedBlock, blocks: list[nn.Module], value: Tensor, *, shared: bool) -> Tensor:
    shares = [value] * GROUPS if shared else value.chunk(GROUPS, dim=1)
    return torch.cat(
        [plain_branch(grouped, n, block)(share) for n, (block, share) in enumerate(zip(blocks, shares, strict=True))], dim=1
    )


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
@pytest.mark.parametrize(("in_channels", "stride", "shared"), [(8, 1, False), (4, 2, False), (4, 1, True), (8, 1, True)])
def test_branches_are_separate_blocks(kind: str, in_channels: int, stride: int, shared: bool) -> None:
    torch.manual_seed(0)
    planes = 8 // EXPANSION[kind]
    grouped = GroupedBlock(kind, in_channels, planes, groups=GROUPS, stride=stride, shared_input=shared)
    plain = BasicBlock if kind == "basic" else Bottleneck
    blocks: list[nn.Module] = [plain(in_channels, planes, stride=stride) for _ in range(GROUPS)]
    if (
        shared and stride == 1 and in_channels == 8
    ):  # a plain block would pass its input on: ours projects, as others see it too
        for block in blocks:
            block.downsample = nn.Sequential(nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8))
    value = torch.randn(2, in_channels if shared else GROUPS * in_channels, 6, 6)
    torch.testing.assert_close(grouped(value), loop(grouped, blocks, value, shared=shared), atol=1e-5, rtol=1e-4)


def test_a_row_of_blocks_halves_once_and_shares_its_input_once() -> None:
    row = grouped_blocks("bottleneck", 5, 2, groups=GROUPS, blocks=3, stride=2, shared_input=True)
    assert row(torch.zeros(1, 5, 8, 8)).shape == (1, GROUPS * 8, 4, 4)


def test_a_branch_starts_as_a_net_of_its_own_would() -> None:
    torch.manual_seed(0)
    conv = grouped_conv(16, 32, 3, groups=24)
    assert conv.weight.std().item() == pytest.approx((2 / (32 * 9)) ** 0.5, rel=0.05)
