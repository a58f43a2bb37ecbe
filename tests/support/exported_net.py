"""A net as ONNX Runtime runs it, exported with a free batch size."""

from __future__ import annotations

import io

import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class ExportedNet:
    """An :class:`~training.nets.embedding_net.EmbeddingNet`, traced on some inputs and run in ONNX Runtime.

    Args:
        net: put into evaluation mode.
        example: images, and key points where the net takes them.

    Attributes:
        model: the ONNX file's bytes.
    """

    def __init__(self, net: nn.Module, *example: Tensor) -> None:
        self._names = ["images", "keypoints"][: len(example)]
        graph = io.BytesIO()
        torch.onnx.export(
            net.eval(),
            example,
            graph,
            dynamo=False,
            opset_version=17,
            input_names=self._names,
            output_names=["embedding"],
            dynamic_axes={name: {0: "batch"} for name in (*self._names, "embedding")},
        )
        self.model = graph.getvalue()
        self._session = onnxruntime.InferenceSession(self.model)

    def __call__(self, *inputs: Tensor) -> NDArray:
        feed = {name: value.numpy() for name, value in zip(self._names, inputs, strict=True)}
        (embedding,) = self._session.run(None, feed)
        return embedding


def people_to_see(count: int, size_hw: tuple[int, int], *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Noise in place of pictures (N, 3, H, W), and key points (N, 19, 3) of which a few are invisible."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (count, 3, *size_hw), dtype=torch.uint8, generator=generator)
    keypoints = torch.rand(count, 19, 3, generator=generator)
    keypoints[..., 2] = (keypoints[..., 2] > 0.2).float()
    return images, keypoints
