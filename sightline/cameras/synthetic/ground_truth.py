"""What is true of a frame. Legend: N people who can be seen, J joints, H and W pixels of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sightline.cameras.synthetic.arrays import BoolArray
from sightline.types import DenseCoordinates, Float32Array, Int64Array, UInt8Array


class Visibility(IntEnum):
    """What becomes of a joint in a picture; the greater, the more is seen of it. COCO's v is 0, 1, 1, 2."""

    OUTSIDE = 0
    OCCLUDED = 1
    """Something or somebody else stands before it."""
    SELF_OCCLUDED = 2
    """The person's own body or bag is before it."""
    VISIBLE = 3


@dataclass(frozen=True, slots=True, eq=False)
class FrameTruth:
    """The truth of one picture; people in order of their pids.

    Attributes:
        camera: its id.
        captured_at_us: when it was taken: with seed and camera, all that it follows from.
        size_wh: of the picture, pixels.
        pids: int64 (N,).
        boxes_xywh: float32 (N, 4): the extent of what can be seen of each person with bags and hat, pixels.
        visible_fraction: float32 (N,): how much of the silhouette within the picture nothing stands before, 0 to 1.
        truncated: bool (N,): the person reaches beyond the picture.
        joints_xy: float32 (N, J, 2), pixels, also of joints that are hidden or outside.
        visibility: uint8 (N, J), of :class:`Visibility`.
        owner: uint8 (H, W): 1 + place among the N, 0 = nobody.
        dense: the picture's map (1, H, W): part 0 also on bags; sampled a quarter of a pixel from the pixels' middles.
    """

    camera: str
    captured_at_us: int
    size_wh: tuple[int, int]
    pids: Int64Array
    boxes_xywh: Float32Array
    visible_fraction: Float32Array
    truncated: BoolArray
    joints_xy: Float32Array
    visibility: UInt8Array
    owner: UInt8Array
    dense: DenseCoordinates

    def __len__(self) -> int:
        return len(self.pids)


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticFrame:
    """A picture, uint8 RGB (H, W, 3), and what is true of it."""

    image: UInt8Array
    truth: FrameTruth
