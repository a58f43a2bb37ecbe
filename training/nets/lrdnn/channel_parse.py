"""The channel parse block (CPB) of LRDNN, section 3.4: squeeze-and-excitation whose linear layers are 1x1 convolutions."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class ChannelParseBlock(nn.Module):
    """Weighs each channel by what all channels hold: x * sigmoid(W2 relu(W1 mean(x))). (N, C, h, w) -> the same.

    Args:
        channels: C.
        reduction: C by the channels between the two convolutions (rounded down, at least 1). The paper names none.
    """

    def __init__(self, channels: int, *, reduction: int = 4) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        return maps * self.weights(maps)

    def weights(self, maps: Tensor) -> Tensor:
        """How much each channel counts, in (0, 1): (N, C, 1, 1)."""
        hidden = functional.relu(self.squeeze(maps.mean(dim=(2, 3), keepdim=True)))
        weights: Tensor = self.excite(hidden).sigmoid()
        return weights
