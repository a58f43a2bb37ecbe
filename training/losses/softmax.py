"""Cross entropy over identities (Szegedy et al., CVPR 2016, section 7, for the smoothing)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from training.batch import Targets
from training.nets.system import Outputs


class SoftmaxLoss:
    """-sum_k q_k log softmax(logits)_k, averaged over the batch, with q = (1 - smoothing) one_hot + smoothing / K.

    Args:
        heads: names among ``Outputs.logits``; the losses of several heads are added.
        smoothing: 0 = plain cross entropy.

    Raises:
        ValueError: no head is named, or the smoothing is not in [0, 1).
    """

    def __init__(self, *heads: str, smoothing: float = 0.0) -> None:
        if not heads:
            raise ValueError("a softmax loss needs at least one head")
        if not 0 <= smoothing < 1:
            raise ValueError(f"expected a smoothing in [0, 1), got {smoothing}")
        self._heads = heads
        self._smoothing = smoothing

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        first, *others = (self._of(outputs.logits[head].float(), targets.classes) for head in self._heads)
        for other in others:
            first = first + other
        return first

    def _of(self, logits: Tensor, classes: Tensor) -> Tensor:
        if len(classes) == 0:
            return logits.sum()
        return functional.cross_entropy(logits, classes, label_smoothing=self._smoothing)
