"""The net of dense coordinates: its size, what it sees, and how one part a cell is chosen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from training.batch import Inputs
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.iuv.choice import chosen
from training.nets.iuv.config import IuvConfig
from training.nets.iuv.iuv_net import IuvMaps, IuvNet
from training.nets.systems.iuv import IuvSystem

TINY = IuvConfig(
    input_hw=(32, 16), backbone=NarrowResidualConfig(channels=(8, 8, 8, 8), instance_norm_up_to=0), channels=(8, 8, 8)
)


def crops(count: int, size_hw: tuple[int, int]) -> Tensor:
    return torch.randint(256, (count, 3, *size_hw), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))


def multiplications(net: nn.Module, images: Tensor) -> int:
    """Of its convolutions, for one crop."""
    total = 0

    def count(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        total += module.weight.numel() * output.shape[2] * output.shape[3]

    hooks = [module.register_forward_hook(count) for module in net.modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        net(images)
    for hook in hooks:
        hook.remove()
    return total


def test_it_is_small_and_its_maps_are_half_of_what_it_sees() -> None:
    system = IuvSystem(IuvConfig()).eval()
    assert sum(each.numel() for each in system.parameters()) < 2e6
    net = system.inference_net()
    assert multiplications(net, crops(1, (256, 128))) < 0.25e9
    with torch.no_grad():
        part, u, v = net(crops(1, (256, 128)))
    assert (part.shape, part.dtype, u.shape, u.dtype) == ((1, 64, 32), torch.uint8, (1, 64, 32), torch.float32)
    assert v.shape == u.shape


def test_a_crop_of_twice_the_size_is_averaged_down() -> None:
    net = IuvNet(TINY).eval()
    small = crops(2, (32, 16))
    large = small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    with torch.no_grad():
        torch.testing.assert_close(net(large).part, net(small).part)


@pytest.mark.parametrize("size_hw", [(48, 16), (16, 16), (33, 16)])
def test_a_crop_of_another_size_is_refused(size_hw: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"whole number of times \(32, 16\)"):
        IuvNet(TINY)(crops(1, size_hw))


def test_more_channels_than_resolutions_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 4"):
        IuvNet(TINY.model_copy(update={"channels": (8, 8, 8, 8, 8)}))


def test_the_system_gives_one_stage_of_each_map() -> None:
    maps = IuvSystem(TINY)(Inputs(crops(2, (32, 16)))).maps
    assert {name: [tuple(each.shape) for each in stages] for name, stages in maps.items()} == {
        "part": [(2, 25, 16, 8)],
        "u": [(2, 24, 16, 8)],
        "v": [(2, 24, 16, 8)],
    }


def test_the_choice_is_the_greatest_logit_and_its_own_coordinates() -> None:
    part = torch.zeros(1, 25, 1, 4)
    part[0, 7, 0, 0] = 2.0
    part[0, 24, 0, 1] = 3.0
    part[0, 0, 0, 2] = 1.0
    part[0, 3, 0, 3] = part[0, 9, 0, 3] = 1.0  # the first of equals
    u, v = torch.full((1, 24, 1, 4), 0.9), torch.full((1, 24, 1, 4), 0.8)
    u[0, 6, 0, 0], v[0, 6, 0, 0] = 0.25, -0.5
    u[0, 23, 0, 1], v[0, 23, 0, 1] = 1.5, 0.75
    u[0, 2, 0, 3], v[0, 2, 0, 3] = 0.125, 0.0
    found = chosen(IuvMaps(part, u, v))
    assert found[0].tolist() == [[[7, 24, 0, 3]]]
    assert found[1].tolist() == [[[0.25, 1.0, 0.0, 0.125]]]
    assert found[2].tolist() == [[[0.0, 0.75, 0.0, 0.0]]]


def test_no_crop_is_no_map() -> None:
    net = IuvSystem(TINY).eval().inference_net()
    with torch.no_grad():
        part, _, _ = net(crops(0, (32, 16)))
    assert part.shape == (0, 16, 8)
