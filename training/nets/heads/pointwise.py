"""Global average and a 1x1 convolution: the small head of DJL's modules and of LRDNN's attributes."""

from __future__ import annotations

from torch import Tensor, nn


class PointwiseHead(nn.Module):
    """(N, in_channels, h, w) -> (N, out_channels). An average of a 1x1 map is the map itself."""

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=bias)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="linear")
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)

    def forward(self, value: Tensor) -> Tensor:
        described: Tensor = self.conv(value.mean(dim=(2, 3), keepdim=True))
        return described.flatten(1)
