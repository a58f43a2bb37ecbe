"""What the data gives, and what nets and losses take. Batch first, everywhere.

Legend: N samples, H x W pixels of the net's input, J = 19 joints of :data:`sightline.skeleton.JOINTS`, A attributes,
B boxes, S = 32 the side of a part image of DSA-reID.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a net sees of N people.

    Attributes:
        images: uint8 (N, 3, H, W) RGB as the data gives them; a net's first layer normalises.
        keypoints: float32 (N, J, 3): x, y in [0, 1] of the picture, and a confidence; 0 = invisible or not known.
            None = the data has none.
        part_images: uint8 (N, 24, 3, S, S): the DSAP images of DSA-reID, a picture for each DensePose part, ids 1 to 24 in
            order. None = not asked for.
    """

    images: Tensor
    keypoints: Tensor | None = None
    part_images: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device) -> Inputs:
        """The same on another device; copies overlap with work where memory is pinned."""
        return Inputs(
            self.images.to(device, non_blocking=True),
            _moved(self.keypoints, device),
            _moved(self.part_images, device),
        )


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of them.

    Attributes:
        classes: int64 (N,): the identity as a class, 0 … K-1, of the training set.
        camids: int64 (N,).
        attributes: int64 (N, A): the class of each attribute, :data:`sightline.attributes.MISSING` where it is not known;
            (N, 0) without any.
        keypoints: the very tensor of the inputs: pose nets learn it, and losses may choose by it.
        boxes: float32 (N, B, 4): the people of a picture, xyxy in pixels of the net's input; rows of zeros are nobody.
            None = not asked for.
        iuv: uint8 (N, H, W, 3): body part 0 to 24, u and v as parts of 255, of the pixels of the net's input.
            None = not asked for.
        annotated: bool (N, J): joints that the picture's set says of whether they are seen; those of confidence 0 among them
            are hidden, or cut off, and not merely unknown. None = nobody asks.
    """

    classes: Tensor
    camids: Tensor
    attributes: Tensor
    keypoints: Tensor | None = None
    boxes: Tensor | None = None
    iuv: Tensor | None = None
    annotated: Tensor | None = None

    def to(self, device: torch.device, keypoints: Tensor | None) -> Targets:
        """The same on another device; ``keypoints``: the inputs', which are there already."""
        return Targets(
            self.classes.to(device, non_blocking=True),
            self.camids.to(device, non_blocking=True),
            self.attributes.to(device, non_blocking=True),
            keypoints,
            _moved(self.boxes, device),
            _moved(self.iuv, device),
            _moved(self.annotated, device),
        )


def nobodys(count: int, **known: Tensor | None) -> Targets:
    """Targets where nobody's identity, camera or attributes count; ``known``: what does."""
    none = torch.zeros(count, dtype=torch.int64)
    return Targets(none, none, torch.zeros((count, 0), dtype=torch.int64), **known)


@dataclass(frozen=True, slots=True)
class Batch:
    """N samples of the training set.

    Attributes:
        inputs: what the net sees.
        targets: what the losses compare with.
        indices: int64 (N,): which samples of the set they are.
    """

    inputs: Inputs
    targets: Targets
    indices: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def to(self, device: torch.device) -> Batch:
        """The same on another device; copies overlap with work where memory is pinned."""
        inputs = self.inputs.to(device)
        return Batch(inputs, self.targets.to(device, inputs.keypoints), self.indices)


def _moved(tensor: Tensor | None, device: torch.device) -> Tensor | None:
    return None if tensor is None else tensor.to(device, non_blocking=True)
