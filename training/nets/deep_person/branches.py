"""Deep-Person's identification branches: from the backbone's map to an embedding, and to logits over identities.

In front of both softmaxes stand, as in the released code, a fully connected layer, batch normalisation and ReLU.

Legend: N people, C channels, P parts (rows of the map), U hidden units, E features of an embedding.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from training.nets.deep_person.part_sequence import PartSequence, PartSlices
from training.nets.heads.classifier import Classifier
from training.nets.heads.fully_connected import fully_connected
from training.nets.pooled_trunk import PooledTrunk
from training.nets.pooling import GlobalAverage

PartModel = Literal["lstm", "slices"]


class GlobalEmbedding(nn.Sequential):
    """B_gI: the average of the whole map (section 3.3). (N, C, h, w) -> (N, E)."""

    def __init__(self, channels: int, embedding: int) -> None:
        super().__init__(GlobalAverage(), fully_connected(channels, embedding))


class PartEmbedding(nn.Module):
    """B_pI: rows of the map, each averaged over its width, in a sequence or one by one, then side by side (section 3.2).

    (N, C, P, w) -> (N, E); raises ValueError for a map of another number of rows.
    """

    def __init__(self, model: PartModel, channels: int, *, parts: int, hidden: int, embedding: int) -> None:
        super().__init__()
        self._parts = parts
        self.parts = PartSequence(channels, hidden) if model == "lstm" else PartSlices(parts, channels, hidden)
        self.embedding = fully_connected(parts * hidden, embedding)

    def forward(self, features: Tensor) -> Tensor:
        if features.shape[2] != self._parts:
            raise ValueError(f"expected a map of {self._parts} rows, got {features.shape[2]}: pictures of another height?")
        described: Tensor = self.parts(features.mean(dim=3).transpose(1, 2))
        embedded: Tensor = self.embedding(described.flatten(1))
        return embedded


class IdentityBranch(nn.Module):
    """The map (N, C, h, w) -> logits (N, classes)."""

    def __init__(self, embedding: nn.Module, *, features: int, classes: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.classifier = Classifier(features, classes)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.embedding(features))
        return logits


class ConcatenatedEmbeddings(nn.Module):
    """f_c of Table 7: uint8 pictures (N, 3, H, W) -> the embeddings side by side."""

    def __init__(self, trunk: PooledTrunk, embeddings: list[nn.Module]) -> None:
        super().__init__()
        self.trunk = trunk
        self.embeddings = nn.ModuleList(embeddings)

    def forward(self, images: Tensor) -> Tensor:
        features = self.trunk.map(images)
        return torch.cat([embedding(features) for embedding in self.embeddings], dim=1)
