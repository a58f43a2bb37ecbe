"""One module of DJL's local branch (Fig. 3, section 3.3.1).

Legend: N pictures, P = 10 parts, C channels of the pooled layer, (H, W) its cells, (h, w) the grid, D the descriptor.
"""

from __future__ import annotations

from torch import Tensor, nn

from training.nets.djl.config import DjlConfig
from training.nets.djl.part_weights import PartWeights
from training.nets.roi import Windows, roi_max_pool


class PartDescriptor(nn.Module):
    """RoI max pooling, RRW, concatenation in fixed order, global average, 1x1 convolution. (N, C, H, W) -> (N, D).

    A part that is not visible brings zeros.

    Args:
        channels: C.
        parts: P.
        grid_hw: (h, w).
    """

    def __init__(self, channels: int, *, parts: int, grid_hw: tuple[int, int], config: DjlConfig) -> None:
        super().__init__()
        self._grid_hw = grid_hw
        self._largest_wh = config.window
        self.part_weights = PartWeights(parts, initial=config.initial_weight) if config.reweighting else None
        self.reduce = _reduction(channels * parts, config)

    def forward(self, features: Tensor, windows: Windows) -> Tensor:
        pooled = roi_max_pool(features, windows, self._grid_hw, largest_wh=self._largest_wh)
        if self.part_weights is not None:
            pooled = self.part_weights(pooled)
        # Averaged first, so that nothing of P * C channels and h x w cells is copied; channels stay part by part.
        averaged = pooled.mean(dim=(3, 4)).flatten(1)
        described: Tensor = self.reduce(averaged[:, :, None, None]).flatten(1)
        return described


def _reduction(channels: int, config: DjlConfig) -> nn.Sequential:
    """The 1x1 convolution; its output begins at the scale of one part's features, whatever RRW begins with."""
    convolution = nn.Conv2d(channels, config.descriptor, 1, bias=not config.descriptor_norm)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
        if config.reweighting:
            convolution.weight.data /= config.initial_weight
        return nn.Sequential(convolution)
    return nn.Sequential(convolution, nn.BatchNorm2d(config.descriptor), nn.ReLU(inplace=True))
