"""A small person detector without anchors: a score and a box for each cell of three levels."""

from __future__ import annotations

from torch import Tensor, nn

from training.batch import Inputs
from training.nets.backbones.convolution import initialise
from training.nets.detector.cells import boxes_around, cells_of, in_rows
from training.nets.detector.config import STRIDES, DetectorConfig
from training.nets.detector.head import Head
from training.nets.detector.neck import Neck
from training.nets.detector.trunk import Trunk
from training.nets.normalise import Normalise
from training.nets.system import Outputs, System

SCORES, SIDES = "scores", "sides"
"""Maps of :class:`Detector`: logits (N, 1, h, w), and distances to the sides in pixels (N, 4, h, w), each of three levels."""


class DetectorNet(nn.Module):
    """uint8 RGB (N, 3, H, W), sides multiples of 32 -> for each level logits (N, 1, h, w) and distances (N, 4, h, w)."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.trunk = Trunk(config)
        self.neck = Neck(config.channels, config.neck)
        self.heads = nn.ModuleList(Head(config.neck, config.head, stride=stride) for stride in STRIDES)
        initialise(self)
        for head in self.heads:
            assert isinstance(head, Head), "as made above"
            head.start()

    def forward(self, images: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        levels = self.neck(self.trunk(self.normalise(images)))
        scores, sides = zip(*(head(level) for head, level in zip(self.heads, levels, strict=True)), strict=True)
        return scores, sides


class Candidates(nn.Module):
    """uint8 RGB (N, 3, H, W) -> a box xyxy (N, A, 4) in pixels and a score in [0, 1] (N, A) for each cell: this is exported."""

    def __init__(self, net: DetectorNet) -> None:
        super().__init__()
        self.net = net
        # Exporters put a net back into the mode that they met it in, with all its children.
        self.training = net.training

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, sides = self.net(images)
        boxes = boxes_around(cells_of(scores, STRIDES).centres, in_rows(sides))
        return boxes.float(), in_rows(scores).squeeze(2).float().sigmoid()


class Detector(System):
    """Maps ``scores`` and ``sides``, see :data:`SCORES`."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.net = DetectorNet(config)

    def forward(self, inputs: Inputs) -> Outputs:
        scores, sides = self.net(inputs.images)
        return Outputs(maps={SCORES: scores, SIDES: sides})

    def inference_net(self) -> Candidates:
        """Every cell's box and score; which of them are kept is no matter of weights."""
        return Candidates(self.net)
