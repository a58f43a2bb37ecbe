"""A module of DJL's local branch looks where the joints are, part by part."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sightline.errors import ConfigurationError
from sightline.skeleton import indices
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import DgdInceptionConfig
from training.nets.djl.config import DjlConfig, PartModule
from training.nets.djl.local_branch import PARTS, LocalBranch
from training.nets.djl.part_descriptor import PartDescriptor
from training.nets.djl.part_weights import PartWeights
from training.nets.roi import part_windows

CHANNELS = 4
WINDOW = (24 / 56, 16 / 144)


def pooled_parts(features: Tensor, keypoints: Tensor, grid_hw: tuple[int, int] = (1, 1)) -> Tensor:
    """What reaches the 1x1 convolution, part by part: (N, P, C)."""
    module = PartDescriptor(CHANNELS, parts=len(PARTS), grid_hw=grid_hw, config=DjlConfig())
    seen: list[Tensor] = []
    module.reduce = nn.Sequential(_Recorder(seen), module.reduce)
    module.eval()(features, part_windows(keypoints, indices(PARTS), WINDOW), nn.Identity())
    return seen[0].reshape(len(features), len(PARTS), CHANNELS)


class _Recorder(nn.Module):
    def __init__(self, seen: list[Tensor]) -> None:
        super().__init__()
        self._seen = seen

    def forward(self, value: Tensor) -> Tensor:
        self._seen.append(value.detach())
        return value


@settings(max_examples=40, deadline=None)
@given(part=st.integers(0, 9), x=st.floats(0.05, 0.95), y=st.floats(0.05, 0.95))
def test_a_window_follows_its_joint(part: int, x: float, y: float) -> None:
    """The one bright cell lies at a joint: that part sees it, and parts far from it do not."""
    features = torch.zeros(1, CHANNELS, 72, 28)
    features[0, :, int(y * 72), int(x * 28)] = 1.0
    keypoints = torch.ones(1, 19, 3)
    far_away = torch.tensor([x, (y + 0.5) % 1.0, 1.0])
    keypoints[0, list(indices(PARTS))] = far_away
    keypoints[0, indices(PARTS)[part]] = torch.tensor([x, y, 1.0])
    expected = torch.zeros(len(PARTS), CHANNELS)
    expected[part] = 1.0
    torch.testing.assert_close(pooled_parts(features, keypoints)[0], expected)


def test_windows_are_as_large_as_the_paper_says() -> None:
    """24 x 16 pixels of 56 x 144: on a map of stride 2, 13 x 9 cells around the joint (corners included)."""
    keypoints = torch.full((1, 19, 3), 0.5)
    for column, row, seen in ((20, 36, 1.0), (21, 36, 0.0), (8, 36, 1.0), (7, 36, 0.0), (14, 40, 1.0), (14, 41, 0.0)):
        features = torch.zeros(1, CHANNELS, 72, 28)
        features[..., row, column] = 1.0
        assert (pooled_parts(features, keypoints) == seen).all(), (column, row)


def test_a_part_that_is_not_visible_brings_zeros() -> None:
    keypoints = torch.full((1, 19, 3), 0.5)
    keypoints[0, indices(PARTS)[3], 2] = 0.0
    parts = pooled_parts(torch.ones(1, CHANNELS, 18, 7), keypoints, (3, 3))
    assert not parts[0, 3].any()
    assert (parts[0, [i for i in range(10) if i != 3]] == 1).all()


def test_a_grid_is_averaged_over_its_maxima() -> None:
    """The window has rows 64 to 80, ones from 74: the lower half of the grid sees them. A single maximum would be 1."""
    features = torch.zeros(1, CHANNELS, 144, 56)
    features[..., 74:, :] = 1.0
    keypoints = torch.full((1, 19, 3), 0.5)
    assert pooled_parts(features, keypoints, (2, 2)).unique().tolist() == [0.5]
    assert pooled_parts(features, keypoints).unique().tolist() == [1.0]


def test_part_weights_multiply_and_learn_as_equation_1_says() -> None:
    weights = PartWeights(2, initial=10.0)
    pooled = torch.arange(12.0).reshape(1, 2, 3, 2, 1).requires_grad_()
    output = weights(pooled)
    assert torch.equal(output, pooled * 10)
    upstream = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
    output.backward(upstream)
    assert weights.weight.grad is not None
    torch.testing.assert_close(weights.weight.grad, (upstream * pooled).sum(dim=(0, 2, 3, 4)))
    torch.testing.assert_close(pooled.grad, upstream * 10)


def test_modules_stand_side_by_side_in_their_order() -> None:
    backbone = build_backbone(DgdInceptionConfig(width=0.125))
    config = DjlConfig(backbone=DgdInceptionConfig(width=0.125), descriptor=16)
    branch = LocalBranch(backbone, config).eval()
    assert branch.features == 48
    keypoints = torch.full((2, 19, 3), 0.5)
    maps = {name: torch.rand(2, backbone.channels[name], 18, 7) for name in backbone.names}
    whole = branch(maps, keypoints)
    windows = part_windows(keypoints, indices(PARTS), config.window)
    third = branch.descriptors["inception_1a"](maps["inception_1a"], windows, branch.part_weights["inception_1a"])
    assert torch.equal(whole[:, 32:], third)


def test_a_layer_that_the_backbone_lacks_is_named() -> None:
    backbone = build_backbone(DgdInceptionConfig(width=0.125))
    config = DjlConfig(modules=(PartModule(layer="inception_4a"),))
    with pytest.raises(ConfigurationError, match="did you mean 'inception_"):
        LocalBranch(backbone, config)
