"""LRDNN's heads: who it is, and what each attribute is; 1x1 convolutions behind pool5 (section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from training.nets.heads.pointwise import PointwiseHead


class PersonHeads(nn.Module):
    """(N, C, h, w) -> logits ``identity`` and ``attribute/<name>``; weights begin near 0, so the first loss is ln(values).

    Args:
        features: C.
        classes: K identities.
        attributes: attribute -> how many values it has; empty = there are no attribute heads.
    """

    def __init__(self, features: int, *, classes: int, attributes: Mapping[str, int]) -> None:
        super().__init__()
        self._names = tuple(attributes)
        self.identity = PointwiseHead(features, classes)
        self.attributes = nn.ModuleList(PointwiseHead(features, values) for values in attributes.values())
        for head in (self.identity, *self.attributes):
            nn.init.normal_(head.conv.weight, std=0.001)

    def forward(self, value: Tensor) -> dict[str, Tensor]:
        logits = {f"attribute/{name}": head(value) for name, head in zip(self._names, self.attributes, strict=True)}
        return {"identity": self.identity(value)} | logits
