"""The two-stream net: its shapes, its size, what learns from what."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from sightline.errors import ConfigurationError
from training.nets.openpose.map_spec import PAPER_MAPS, MapSpec
from training.nets.openpose.pose_net import PoseNet, PoseNetConfig

NARROW = PoseNetConfig(width=0.125)


def convolution(before: int, after: int, kernel: int) -> int:
    return before * after * kernel**2 + after


def test_the_papers_net_has_as_many_parameters_as_its_layers_say() -> None:
    vgg = [3, 64, 64, 128, 128, 256, 256, 256, 256, 512, 512]
    trunk = sum(convolution(a, b, 3) for a, b in pairwise(vgg)) + convolution(512, 256, 3)
    trunk += convolution(256, 128, 3)

    def streams(seen: int, hidden: int) -> int:
        first = convolution(128, 128, 3) * 3 + convolution(128, 512, 1)
        later = convolution(seen, 128, 7) + 4 * convolution(128, 128, 7) + convolution(128, 128, 1)
        return sum((first + convolution(512, m, 1)) + 2 * (later + convolution(hidden, m, 1)) for m in (19, 38))

    net = PoseNet(PoseNetConfig(), PAPER_MAPS)
    assert sum(p.numel() for p in net.parameters()) == trunk + streams(128 + 19 + 38, 128) == 25_956_971


def test_every_stage_gives_both_streams_at_stride_8() -> None:
    stages = PoseNet(NARROW, MapSpec())(torch.randn(2, 3, 64, 40))
    assert len(stages) == 3
    assert {stage.confidence.shape for stage in stages} == {(2, 15, 8, 5)}
    assert {stage.affinity.shape for stage in stages} == {(2, 26, 8, 5)}


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_last_stage_alone_teaches_every_layer(batch_norm: bool) -> None:
    torch.manual_seed(0)
    net = PoseNet(PoseNetConfig(width=0.125, batch_norm=batch_norm), MapSpec())
    last = net(torch.randn(2, 3, 32, 32))[-1]
    (last.confidence.square().sum() + last.affinity.square().sum()).backward()
    weights = [(name, p) for name, p in net.named_parameters() if name.endswith("weight")]
    assert not [name for name, weight in weights if weight.grad is None or not weight.grad.any()]


def test_one_stage_is_allowed() -> None:
    assert len(PoseNet(PoseNetConfig(width=0.125, stages=1), MapSpec())(torch.randn(1, 3, 32, 32))) == 1


def public_vgg(net: PoseNet) -> dict[str, torch.Tensor]:
    """A state dict named as torchvision's: the whole of its VGG, and more layers than we take."""
    state = {f"features.{name}": torch.randn_like(value) for name, value in net.vgg.state_dict().items()}
    return state | {"features.23.weight": torch.zeros(8, 8, 3, 3), "classifier.0.weight": torch.zeros(2, 2)}


def test_the_trunk_starts_from_a_public_checkpoint(tmp_path: Path) -> None:
    state = public_vgg(PoseNet(NARROW, MapSpec()))
    torch.save(state, tmp_path / "vgg19.pth")
    net = PoseNet(PoseNetConfig(width=0.125, vgg_checkpoint=tmp_path / "vgg19.pth"), MapSpec())
    first, last = net.vgg[0], net.vgg[21]
    assert isinstance(first, nn.Conv2d)
    assert isinstance(last, nn.Conv2d), "conv4_2 is torchvision's features.21"
    assert torch.equal(first.weight, state["features.0.weight"])
    assert torch.equal(last.weight, state["features.21.weight"])


def test_a_checkpoint_of_another_width_is_refused(tmp_path: Path) -> None:
    torch.save(public_vgg(PoseNet(NARROW, MapSpec())), tmp_path / "vgg19.pth")
    with pytest.raises(ConfigurationError, match="does not fit"):
        PoseNet(PoseNetConfig(width=0.25, vgg_checkpoint=tmp_path / "vgg19.pth"), MapSpec())
