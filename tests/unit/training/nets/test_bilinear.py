"""Compact bilinear pooling against what it estimates, and its exportable form against itself."""

import pytest
import torch
from torch import Tensor

from training.nets.bilinear import CompactBilinear, CountSketch


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vectors(count: int, channels: int, seed: int) -> Tensor:
    """Unit vectors, (count, channels)."""
    return torch.nn.functional.normalize(torch.randn(count, channels, generator=seeded(seed)), dim=1)


def test_a_count_sketch_adds_signed_channels_to_bins() -> None:
    sketch = CountSketch(7, 3, seeded(0))
    value = torch.randn(2, 7, generator=seeded(1))
    expected = torch.zeros(2, 3)
    for channel in range(7):
        expected[:, sketch.bins[channel]] += sketch.signs[channel] * value[:, channel]
    torch.testing.assert_close(sketch(value), expected)
    torch.testing.assert_close(value @ sketch.matrix(), expected)
    assert set(sketch.signs.tolist()) == {-1.0, 1.0}


@pytest.mark.parametrize("width", [16, 17])
def test_the_sketch_of_an_outer_product_is_a_circular_convolution_and_places_are_averaged(width: int) -> None:
    pooling = CompactBilinear((6, 5), width, generator=seeded(0))
    first, second = torch.randn(2, 6, 3, generator=seeded(1)), torch.randn(2, 5, 3, generator=seeded(2))
    expected = torch.zeros(2, width)
    for place in range(3):
        one, other = pooling.first(first[:, :, place]), pooling.second(second[:, :, place])
        for i in range(width):
            for j in range(width):
                expected[:, (i + j) % width] += one[:, i] * other[:, j] / 3
    torch.testing.assert_close(pooling(first, second), expected, atol=1e-5, rtol=1e-4)


def errors(width: int, draws: int = 250) -> Tensor:
    """Sketched kernel less the true one <x, x'><y, y'>, over many draws of bins and signs."""
    x, y = vectors(2, 24, seed=1), vectors(2, 10, seed=2)
    x[1], y[1] = x[0] * 0.8 + x[1] * 0.6, y[0] * 0.8 + y[1] * 0.6
    true = (x[0] @ x[1]) * (y[0] @ y[1])
    found = []
    for draw in range(draws):
        sketched = CompactBilinear((24, 10), width, generator=seeded(draw))(x[:, :, None], y[:, :, None])
        found.append(sketched[0] @ sketched[1] - true)
    return torch.stack(found)


def test_inner_products_estimate_the_bilinear_kernel_without_bias() -> None:
    found = errors(128)
    standard_error = found.std() / len(found) ** 0.5
    assert abs(float(found.mean())) < 3 * float(standard_error)
    assert float(standard_error) < 0.01, "else no bias would be seen"


def test_the_error_shrinks_with_the_root_of_the_width() -> None:
    ratios = [float(errors(width).std() / errors(16 * width).std()) for width in (32, 64)]
    assert ratios == pytest.approx([4.0, 4.0], rel=0.2)


@pytest.mark.parametrize("width", [32, 33, 2])
def test_products_equal_the_transforms_in_value_and_gradient(width: int) -> None:
    pooling = CompactBilinear((9, 4), width, generator=seeded(0))
    first, second = torch.randn(3, 9, 5, generator=seeded(1)), torch.randn(3, 4, 5, generator=seeded(2))
    down = torch.randn(3, width, generator=seeded(3))
    grads = []
    for form in (pooling, pooling.as_products()):
        one, other = first.clone().requires_grad_(), second.clone().requires_grad_()
        value = form(one, other)
        value.backward(down)
        grads.append((value.detach(), one.grad, other.grad))
    for by_transform, by_products in zip(*grads, strict=True):
        assert by_transform is not None
        assert by_transform.any()
        torch.testing.assert_close(by_products, by_transform, atol=1e-5, rtol=1e-4)


def test_its_gradient_is_right() -> None:
    pooling = CompactBilinear((4, 3), 8, generator=seeded(0))
    first = torch.randn(1, 4, 2, generator=seeded(1)).requires_grad_()
    second = torch.randn(1, 3, 2, generator=seeded(2)).requires_grad_()
    # float32 within: differences of 0.01 are the finest that it can tell.
    assert torch.autograd.gradcheck(pooling, (first, second), eps=1e-2, atol=1e-2, rtol=1e-2)


def test_the_draw_travels_with_the_weights() -> None:
    pooling, other = CompactBilinear((9, 4), 32, generator=seeded(0)), CompactBilinear((9, 4), 32, generator=seeded(1))
    first, second = torch.randn(1, 9, 1), torch.randn(1, 4, 1)
    assert not torch.equal(pooling(first, second), other(first, second))
    other.load_state_dict(pooling.state_dict())
    assert torch.equal(pooling(first, second), other(first, second))


def test_half_precision_goes_through_float32() -> None:
    pooling = CompactBilinear((9, 4), 32, generator=seeded(0))
    first, second = torch.randn(1, 9, 2).bfloat16(), torch.randn(1, 4, 2).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert pooling(first, second).dtype == torch.float32


def test_a_batch_of_nobody_is_legal() -> None:
    pooling = CompactBilinear((9, 4), 32)
    assert pooling(torch.zeros(0, 9, 2), torch.zeros(0, 4, 2)).shape == (0, 32)
    assert pooling.as_products()(torch.zeros(0, 9, 2), torch.zeros(0, 4, 2)).shape == (0, 32)


def test_a_sketch_of_one_bin_is_refused() -> None:
    with pytest.raises(ValueError, match="2 bins or more, got 1"):
        CompactBilinear((3, 3), 1)
