"""How LRDNN's branches are joined: equations 5 to 7, recomputed, and every setting."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training.nets.bilinear import CompactBilinear
from training.nets.lrdnn.pose_fusion import FusionConfig, PoseFusion
from training.nets.openpose.drawing import PoseMaps

N, C, U, V = 6, 10, 4, 6
WIDTH = 32


def fusion(**values: object) -> PoseFusion:
    torch.manual_seed(0)
    config = FusionConfig.model_validate({"sketch_width": WIDTH, **values})
    return PoseFusion(config, C, {"confidence": U, "affinity": V})


def seen() -> tuple[Tensor, PoseMaps]:
    generator = torch.Generator().manual_seed(1)
    features = torch.rand(N, C, 4, 2, generator=generator) * 3
    return features, PoseMaps(
        torch.rand(N, U, 8, 4, generator=generator), torch.randn(N, V, 8, 4, generator=generator) * 0.1 + 1
    )


def normal(value: Tensor) -> Tensor:
    """Equations 5 to 7: by mean and deviation of the batch, channel by channel."""
    mean = value.mean(dim=(0, 2, 3), keepdim=True)
    variance = value.var(dim=(0, 2, 3), keepdim=True, unbiased=False)
    return (value - mean) / (variance + 1e-5).sqrt()


def sketch(net: PoseFusion, main: Tensor, pose: Tensor) -> Tensor:
    assert isinstance(net.pooling, CompactBilinear)
    result: Tensor = net.pooling(main.flatten(2), pose.flatten(2))
    return result


def test_three_maps_are_normalised_apart_and_joined_at_each_cell() -> None:
    net = fusion(channel_parse=False, signed_root=False)
    features, maps = seen()
    small = [functional.adaptive_avg_pool2d(value, (4, 2)) for value in (maps.confidence, maps.affinity)]
    expected = sketch(net, normal(features), torch.cat([normal(value) for value in small], dim=1))
    torch.testing.assert_close(net(features, maps), expected, atol=1e-4, rtol=1e-4)


def test_the_channel_parse_block_weighs_what_was_normalised() -> None:
    net = fusion(signed_root=False)
    features, maps = seen()
    small = [functional.adaptive_avg_pool2d(value, (4, 2)) for value in (maps.confidence, maps.affinity)]
    expected = sketch(net, normal(features), net.parse(torch.cat([normal(value) for value in small], dim=1)))
    torch.testing.assert_close(net(features, maps), expected, atol=1e-4, rtol=1e-4)


def test_or_it_weighs_first_and_is_normalised_then() -> None:
    net = fusion(parse_first=True, signed_root=False)
    features, maps = seen()
    small = [functional.adaptive_avg_pool2d(value, (4, 2)) for value in (maps.confidence, maps.affinity)]
    weighed = net.parse(torch.cat(small, dim=1))
    expected = sketch(net, normal(features), torch.cat([normal(weighed[:, :U]), normal(weighed[:, U:])], dim=1))
    torch.testing.assert_close(net(features, maps), expected, atol=1e-4, rtol=1e-4)


def test_or_both_branches_are_pooled_first() -> None:
    net = fusion(meet="pooled", channel_parse=False, signed_root=False)
    features, maps = seen()
    main, *pose = (normal(value.mean(dim=(2, 3), keepdim=True)) for value in (features, maps.confidence, maps.affinity))
    torch.testing.assert_close(net(features, maps), sketch(net, main, torch.cat(pose, dim=1)), atol=1e-3, rtol=1e-3)


def test_the_signed_root_keeps_the_sign_and_is_finite_at_zero() -> None:
    features, maps = seen()
    root, plain = fusion()(features, maps), fusion(signed_root=False)(features, maps)
    torch.testing.assert_close(root, plain.sign() * plain.abs().sqrt(), atol=2e-3, rtol=1e-2)
    net = fusion()
    nothing = features.mul(0).requires_grad_()
    net(nothing, maps).sum().backward()
    assert nothing.grad is not None
    assert nothing.grad.isfinite().all()


def test_one_stream_alone() -> None:
    net = PoseFusion(FusionConfig(sketch_width=WIDTH), C, {"affinity": V})
    features, maps = seen()
    with_other = PoseMaps(torch.full_like(maps.confidence, 1e6), maps.affinity)
    assert torch.equal(net(features, maps), net(features, with_other))


@pytest.mark.parametrize("values", [{}, {"parse_first": True}, {"meet": "pooled"}, {"affine": True}, {"channel_parse": False}])
def test_gradients_reach_both_branches_and_every_weight(values: dict[str, object]) -> None:
    net = fusion(**values)
    features, maps = seen()
    features.requires_grad_()
    maps.confidence.requires_grad_()
    maps.affinity.requires_grad_()
    net(features, maps).square().sum().backward()
    reached = [features, maps.confidence, maps.affinity, *net.parameters()]
    assert all(value.grad is not None and value.grad.any() for value in reached)


def test_products_in_place_of_transforms_change_nothing() -> None:
    net = fusion().eval()
    features, maps = seen()
    before = net(features, maps)
    net.use_products()
    net.use_products()
    torch.testing.assert_close(net(features, maps), before, atol=1e-4, rtol=1e-3)
