"""What is exported: crops as the stream cuts them in, embeddings out, the recipe's preprocessing between.

Legend: N crops of h x w pixels, H x W the net's input, J = 19 joints of :data:`sightline.skeleton.JOINTS`, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sightline.skeleton import FLIP
from training.embedding_recipe import EmbeddingRecipe
from training.export.onnx_file import ATTRIBUTES, EMBEDDING
from training.nets.described import DescribedNet
from training.nets.system import EmbeddingSystem


class ServedNet(nn.Module):
    """uint8 crops (N, h, w, 3) RGB [, float32 key points (N, J, 3) of the crop] -> float32 embeddings (N, D) at length 1
    [, probabilities (N, A) of the values of attributes, where the system names them].

    It does what :func:`training.augment.pipeline.at_test` and :func:`training.embedding.embed` do, for crops that are at the
    size of :attr:`crop_hw` already.

    Args:
        system: in evaluation mode.
        recipe: that it was trained by.
        flip: add up the embeddings of the crop and its mirror image.

    Attributes:
        crop_hw: h and w.
        takes_keypoints: whether there is a second input.
        outputs: names of what it gives.
    """

    def __init__(self, system: EmbeddingSystem, recipe: EmbeddingRecipe, *, flip: bool) -> None:
        super().__init__()
        self.net = system.inference_net()
        self.crop_hw = crop_hw(recipe)
        self.takes_keypoints = "keypoints" in system.embedding_needs
        self.outputs = (EMBEDDING, ATTRIBUTES) if isinstance(self.net, DescribedNet) else (EMBEDDING,)
        self._size_hw = recipe.size_hw
        self._flip = flip
        self.training = system.training  # exporters put a net back into the mode that they met it in, with its children

    def forward(self, crop: Tensor, *keypoints: Tensor) -> Tensor | tuple[Tensor, ...]:
        (height, width), (top, left) = self._size_hw, self._corner()
        images = crop.permute(0, 3, 1, 2)[:, :, top : top + height, left : left + width]
        seen = [self._moved(each) for each in keypoints]
        embedding, *attributes = self._described(images, seen)
        if self._flip:
            mirrored, *others = self._described(images.flip(3), list(map(_mirrored, seen)))
            embedding = functional.normalize(embedding + mirrored, dim=1)
            attributes = [(each + other) / 2 for each, other in zip(attributes, others, strict=True)]
        return (embedding, *attributes) if attributes else embedding

    def _described(self, images: Tensor, keypoints: Sequence[Tensor]) -> tuple[Tensor, ...]:
        described: Tensor | tuple[Tensor, ...] = self.net(images, *keypoints)
        return described if isinstance(described, tuple) else (described,)

    def _corner(self) -> tuple[int, int]:
        """Top and left of the middle of the crop."""
        return (self.crop_hw[0] - self._size_hw[0]) // 2, (self.crop_hw[1] - self._size_hw[1]) // 2

    def _moved(self, keypoints: Tensor) -> Tensor:
        """Key points of the crop as those of its middle; those outside it are invisible."""
        if self.crop_hw == self._size_hw:
            return keypoints
        (crop_height, crop_width), (height, width), (top, left) = self.crop_hw, self._size_hw, self._corner()
        x, y, confidence = torch.split(keypoints, 1, dim=2)
        x, y = (x * crop_width - left) / width, (y * crop_height - top) / height
        inside = (confidence > 0) & (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        return torch.cat([x, y, confidence], dim=2) * inside


def crop_hw(recipe: EmbeddingRecipe) -> tuple[int, int]:
    """Height and width of the crops: ``resize_hw`` where the recipe has one, of which the middle is taken, else ``size_hw``."""
    return recipe.augment.resize_hw or recipe.size_hw


def _mirrored(keypoints: Tensor) -> Tensor:
    x, y, confidence = torch.split(keypoints[:, list(FLIP)], 1, dim=2)
    return torch.cat([torch.where(confidence > 0, 1 - x, x), y, confidence], dim=2)
