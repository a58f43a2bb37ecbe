"""What is exported of a system that also names attributes: pictures in, embeddings and probabilities out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class DescribedNet(nn.Module):
    """uint8 images (N, 3, H, W) [, float32 key points (N, J, 3)] -> embeddings (N, D) of length 1, probabilities (N, A).

    A counts the values of all attributes, one attribute after another; those of one add up to 1.

    Args:
        describe: images and key points -> features (N, F).
        neck: features -> the matching feature (N, D).
        attributes: one head an attribute: features -> logits over its values.
    """

    def __init__(self, describe: nn.Module, neck: nn.Module, attributes: nn.ModuleList) -> None:
        super().__init__()
        self.describe, self.neck, self.attributes = describe, neck, attributes
        self.training = describe.training  # exporters put a net back into the mode that they met it in, with its children

    def forward(self, images: Tensor, *keypoints: Tensor) -> tuple[Tensor, Tensor]:
        features = self.describe(images, *keypoints)
        probabilities = [functional.softmax(head(features).float(), dim=1) for head in self.attributes]
        return functional.normalize(self.neck(features).float(), dim=1), torch.cat(probabilities, dim=1)
