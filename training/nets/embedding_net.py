"""What is exported of a system: pictures in, embeddings out."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class EmbeddingNet(nn.Module):
    """Wraps the part of a system that describes people.

    Its inputs are plain tensors, in the order of the model contract: uint8 images (N, 3, H, W), then float32 key points
    (N, J, 3) for nets that pool parts. Its output is float32 (N, D) of length 1.

    Args:
        describe: images and, if it needs them, key points -> the matching feature (N, D).
    """

    def __init__(self, describe: nn.Module) -> None:
        super().__init__()
        self.describe = describe
        # Exporters put a net back into the mode that they met it in, with all its children.
        self.training = describe.training

    def forward(self, images: Tensor, *keypoints: Tensor) -> Tensor:
        return functional.normalize(self.describe(images, *keypoints).float(), dim=1)
