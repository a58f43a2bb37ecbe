"""What a frame is painted into, at twice the picture's pixels each way, and kept from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.cameras.synthetic.arrays import UInt16Array
from sightline.types import Float32Array, UInt8Array

Box = tuple[slice, slice]
"""Rows and columns."""

FINER = 2
"""Samples a pixel, each way, a power of two: edges are smooth, and a frame still takes less than its time."""

TRUTH_AT = FINER // 2
"""Row and column, of a pixel's samples, of the one at which its truth is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Buffers:
    """Samples, H x W of them, :data:`FINER` times the picture's h x w pixels; all are overwritten by the next frame.

    Attributes:
        depth: float32 (H, W), metres along the optical axis of what is nearest.
        limb: uint16 (H, W): 1 + which of the frame's limbs is nearest; 0 = none.
        colour: uint8 (H, W, 3) RGB, of people alone; black elsewhere.
        owner: uint8 (H, W): 1 + which of the frame's people is nearest; 0 = none.
        part: uint8 (h, w), of the sample at :data:`TRUTH_AT`; means nothing where nobody owns that.
        u, v: float32 (h, w), likewise.
    """

    depth: Float32Array
    limb: UInt16Array
    colour: UInt8Array
    owner: UInt8Array
    part: UInt8Array
    u: Float32Array
    v: Float32Array

    def clear(self, background_depth: Float32Array, boxes: Sequence[Box] | None = None) -> None:
        """Begin a frame: nobody is there. ``boxes``: where anything was painted since the last time; None = all."""
        for box in ((slice(None), slice(None)),) if boxes is None else boxes:
            self.depth[box] = background_depth[box]
            self.limb[box] = 0
            self.colour[box] = 0
            self.owner[box] = 0


def buffers(size_wh: tuple[int, int]) -> Buffers:
    """Of a picture of this size."""
    pixels = size_wh[1], size_wh[0]
    shape = pixels[0] * FINER, pixels[1] * FINER
    return Buffers(
        np.zeros(shape, np.float32),
        np.zeros(shape, np.uint16),
        np.zeros((*shape, 3), np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(pixels, np.uint8),
        np.zeros(pixels, np.float32),
        np.zeros(pixels, np.float32),
    )
