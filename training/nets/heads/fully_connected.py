"""A fully connected layer that ends in a descriptor."""

from __future__ import annotations

from torch import nn


def fully_connected(in_features: int, out_features: int, *, dropout: float = 0.0) -> nn.Sequential:
    """(N, in_features) -> (N, out_features): linear, batch normalisation, ReLU, dropout.

    With 256 and dropout 0.5 this is FC7 of domain guided dropout (Xiao et al., CVPR 2016).
    """
    linear = nn.Linear(in_features, out_features, bias=False)
    nn.init.kaiming_normal_(linear.weight, mode="fan_out", nonlinearity="relu")
    layers = (linear, nn.BatchNorm1d(out_features), nn.ReLU(inplace=True))
    return nn.Sequential(*layers, *((nn.Dropout(dropout),) if dropout else ()))
