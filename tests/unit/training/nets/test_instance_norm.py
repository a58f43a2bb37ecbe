"""The fast form of the instance normalisation beside torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from training.nets.instance_norm import InstanceNorm


def maps(dtype: torch.dtype = torch.float32) -> Tensor:
    value = torch.randn(3, 5, 8, 6, generator=torch.Generator().manual_seed(0)) * 2 + 3
    return value.to(dtype).to(memory_format=torch.channels_last).requires_grad_()


@pytest.fixture
def norm() -> InstanceNorm:
    made = InstanceNorm(5)
    with torch.no_grad():
        made.weight.copy_(torch.tensor([1.0, 0.5, 2.0, -1.0, 3.0]))
        made.bias.copy_(torch.tensor([0.0, 1.0, -1.0, 0.5, 2.0]))
    return made


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_learning_and_inference_give_torchs_values_and_gradients(norm: InstanceNorm, layout: torch.memory_format) -> None:
    theirs = nn.InstanceNorm2d(5, affine=True)
    theirs.load_state_dict(norm.state_dict())
    wanted = torch.randn(3, 5, 8, 6, generator=torch.Generator().manual_seed(1))
    results = []
    for net in (norm.train(), theirs):
        value = maps().detach().contiguous(memory_format=layout).requires_grad_()
        normed = net(value)
        gradients = torch.autograd.grad((normed * wanted).sum(), (value, net.weight, net.bias))
        results.append((normed, *gradients))
    for ours, expected in zip(*results, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(norm.eval()(maps()), results[0][0], atol=1e-5, rtol=1e-5)


def test_in_half_precision_it_is_as_near_as_bfloat16_can_be(norm: InstanceNorm) -> None:
    exact = norm.eval()(maps())
    normed = norm.train()(maps(torch.bfloat16))
    assert normed.dtype == torch.bfloat16
    assert normed.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(normed.float(), exact, atol=0.1, rtol=0.02)


def test_a_channel_of_one_value_stays_finite(norm: InstanceNorm) -> None:
    value = torch.full((2, 5, 4, 4), 7.0, requires_grad=True)
    norm.train()(value).sum().backward()
    assert value.grad is not None
    assert value.grad.isfinite().all()
