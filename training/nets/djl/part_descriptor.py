"""One module of DJL's local branch (Fig. 3, section 3.3.1).

Legend: N pictures, P = 10 parts, C channels of the pooled layer, (H, W) its cells, (h, w) the grid, D the descriptor.
"""

from __future__ import annotations

from torch import Tensor, nn

from training.nets.djl.config import DjlConfig
from training.nets.roi import Windows, roi_max_pool


class PartDescriptor(nn.Module):
    """RoI max pooling, RRW, concatenation in fixed order, global average, 1x1 convolution. (N, C, H, W) -> (N, D).

    A part that is not visible brings zeros. The text names the convolution alone; batch normalisation and ReLU follow it as
    they follow every other convolution of Inception. Without them the second phase diverged within 40 steps, as its inputs
    begin at ten times the scale of the map's.

    Args:
        channels: C.
        parts: P.
        grid_hw: (h, w).
    """

    def __init__(self, channels: int, *, parts: int, grid_hw: tuple[int, int], config: DjlConfig) -> None:
        super().__init__()
        self._grid_hw = grid_hw
        self._largest_wh = config.window
        self.reduce = _reduction(channels * parts, config.descriptor)

    def forward(self, features: Tensor, windows: Windows, reweighting: nn.Module) -> Tensor:
        """``reweighting``: (N, P, C, h, w) -> the same shape."""
        pooled = reweighting(roi_max_pool(features, windows, self._grid_hw, largest_wh=self._largest_wh))
        # Channels stay part by part; averaged first, so that the convolution sees one cell.
        averaged = pooled.mean(dim=(3, 4)).flatten(1)
        described: Tensor = self.reduce(averaged[:, :, None, None]).flatten(1)
        return described


def _reduction(in_channels: int, out_channels: int) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))
