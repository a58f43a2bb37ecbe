"""Compact bilinear pooling (Gao et al., "Compact Bilinear Pooling", CVPR 2016, algorithm 2: the Tensor Sketch).

The outer product of two feature vectors of C1 and C2 channels has C1 * C2 values; its *sketch* has d. A count sketch adds each
channel, under a sign that was drawn, to one of d bins, drawn too; the sketch of an outer product is the circular convolution
of the two sketches, which is a product behind a Fourier transform. Inner products of sketches estimate those of the outer
products: E <phi(x, y), phi(x', y')> = <x, x'> <y, y'>, with an error of about 1 / sqrt(d) of the lengths.

Legend: N pictures, P places of a map, d the width of the sketch, F = d // 2 + 1 frequencies.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CountSketch(nn.Module):
    """(..., C) -> (..., width): channel c times ``signs[c]`` is added to bin ``bins[c]``. Both are drawn once and kept with the
    weights.

    Args:
        channels: C.
        width: d.
        generator: draws bins and signs; None = torch's own.
    """

    bins: Tensor
    signs: Tensor

    def __init__(self, channels: int, width: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("bins", torch.randint(width, (channels,), generator=generator))
        self.register_buffer("signs", torch.randint(2, (channels,), generator=generator).mul(2).sub(1).float())

    def forward(self, value: Tensor) -> Tensor:
        empty = value.new_zeros((*value.shape[:-1], self.width))
        return empty.index_add(-1, self.bins, value * self.signs)

    def matrix(self) -> Tensor:
        """The same as a product from the right: (C, d)."""
        matrix: Tensor = self(torch.eye(len(self.bins), device=self.bins.device))
        return matrix


class CompactBilinear(nn.Module):
    """The sketch of the outer product at each place, its mean over places. (N, C1, P), (N, C2, P) -> float32 (N, d).

    The transform back is linear: it is done once a picture, behind the mean.

    Args:
        channels: C1 and C2.
        width: d.
        generator: draws the two count sketches; None = torch's own.

    Raises:
        ValueError: d is below 2.
    """

    def __init__(self, channels: tuple[int, int], width: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        if width < 2:
            raise ValueError(f"expected a sketch of 2 bins or more, got {width}")
        self.width = width
        self.first = CountSketch(channels[0], width, generator)
        self.second = CountSketch(channels[1], width, generator)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        with torch.autocast(first.device.type, enabled=False):  # there is no Fourier transform of bfloat16
            one = torch.fft.rfft(self.first(first.float().transpose(1, 2)))
            other = torch.fft.rfft(self.second(second.float().transpose(1, 2)))
            pooled: Tensor = torch.fft.irfft((one * other).mean(dim=1), n=self.width)
        return pooled

    def as_products(self) -> BilinearProducts:
        """The same function of constant matrix products alone, for formats that have no Fourier transform."""
        return BilinearProducts(self.first.matrix(), self.second.matrix())


class BilinearProducts(nn.Module):
    """:class:`CompactBilinear` with its sketches and Fourier transforms as constant matrices.

    Sketch and transform are one (C, 2 F) matrix, real parts then imaginary ones; the transform back is a (2 F, d) matrix.

    Args:
        first, second: (C1, d) and (C2, d): the count sketches.
    """

    into_first: Tensor
    into_second: Tensor
    back: Tensor

    def __init__(self, first: Tensor, second: Tensor) -> None:
        super().__init__()
        self.register_buffer("into_first", _real_and_imaginary(first))
        self.register_buffer("into_second", _real_and_imaginary(second))
        self.register_buffer("back", _inverse(first.shape[1]).to(first.device))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        real, imaginary = (first.transpose(1, 2) @ self.into_first).chunk(2, dim=-1)
        other_real, other_imaginary = (second.transpose(1, 2) @ self.into_second).chunk(2, dim=-1)
        product = torch.cat(
            [real * other_real - imaginary * other_imaginary, real * other_imaginary + imaginary * other_real], dim=-1
        )
        return product.mean(dim=1) @ self.back


def _real_and_imaginary(sketch: Tensor) -> Tensor:
    """(C, d) -> (C, 2 F): each row's Fourier transform."""
    spectrum = torch.fft.rfft(sketch.double())
    return torch.cat([spectrum.real, spectrum.imag], dim=-1).float()


def _inverse(width: int) -> Tensor:
    """(2 F, d): the inverse transform of each unit spectrum, so that (real, imaginary) @ matrix is ``irfft``."""
    units = torch.eye(width // 2 + 1, dtype=torch.complex128)
    return torch.cat([torch.fft.irfft(units, n=width), torch.fft.irfft(1j * units, n=width)]).float()
