"""From our pictures to a net's input, inside the graph: ``(pixel * scale - mean) / std`` in the net's colour order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sightline.models.importer.graph import GraphWriter
from sightline.models.importer.source import SourceModel

Colour = Literal["rgb", "bgr"]
Layout = Literal["nchw", "nhwc"]
Triple = tuple[float, float, float]

CHANNELS = 3
WHOLE = ("uint8", "int32")
"""Types of nets that take pixels as they are."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """What a net expects of its pictures.

    Attributes:
        colour: order of its channels.
        scale: factor on the pixel values 0-255, before the mean.
        mean, std: by channel, in the net's colour order.
        layout: ``nchw`` or ``nhwc``; None = read it from the input's shape.
        size_hw: height and width; None = read them from the input's shape.
    """

    colour: Colour = "rgb"
    scale: float = 1.0
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    layout: Layout | None = None
    size_hw: tuple[int, int] | None = None

    @property
    def normalises(self) -> bool:
        return (self.scale, self.mean, self.std) != (1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


AS_THEY_ARE = Pixels()
"""RGB, 0-255."""
IMAGENET = Pixels(scale=1 / 255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""RGB, as torchvision's ImageNet nets were trained."""
OPENMMLAB = Pixels(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))
"""RGB, 0-255, as mmpose's nets are trained: ImageNet's mean and deviation."""
DETECTRON = Pixels(colour="bgr", mean=(103.53, 116.28, 123.675))
"""BGR, 0-255 less ImageNet's mean, as detectron2's nets are trained."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The net's input, all questions answered."""

    layout: Layout
    size_hw: tuple[int, int]
    dtype: str


def resolve_picture(source: SourceModel, pixels: Pixels) -> Picture:
    """The input's layout, size and type, from the file and what the user said.

    Raises:
        ModelError: they contradict one another, or say too little.
    """
    shape = source.input.shape
    layout = pixels.layout or ("nchw" if shape[1] == CHANNELS else "nhwc")
    channels, declared_hw = (shape[1], shape[2:]) if layout == "nchw" else (shape[3], shape[1:3])
    if isinstance(channels, int) and channels != CHANNELS:
        raise source.refuse(f"{CHANNELS} colour channels in layout {layout}")
    if shape[0] not in (1, "?") and isinstance(shape[0], int):
        raise source.refuse("a batch dimension that is free or 1")
    if source.input.dtype not in ("float32", "float16", *WHOLE):
        raise source.refuse("an input of type float32, float16, uint8 or int32")
    if source.input.dtype in WHOLE and pixels.normalises:
        raise source.refuse(f"no scale, mean or std for a net that takes {source.input.dtype} pixels (drop these options)")
    return Picture(layout, _size(source, declared_hw, pixels.size_hw), source.input.dtype)


def _size(source: SourceModel, declared: tuple[int | str, ...], wanted: tuple[int, int] | None) -> tuple[int, int]:
    height, width = (
        given if isinstance(given, int) and given > 0 else (wanted[axis] if wanted else 0)
        for axis, given in enumerate(declared)
    )
    if not height or not width:
        raise source.refuse("a fixed height and width, or --input-size HEIGHTxWIDTH")
    if wanted and wanted != (height, width):
        raise source.refuse(f"the size {wanted[0]}x{wanted[1]} that --input-size names")
    return height, width


def write_front(writer: GraphWriter, image: str, pixels: Pixels, picture: Picture) -> str:
    """uint8 RGB (N, H, W, 3) -> what the net takes."""
    channel_axis = 1 if picture.layout == "nchw" else 3
    value = image
    if picture.layout == "nchw":  # while a pixel is still one byte: a quarter of the memory to move
        value = writer.add("Transpose", value, perm=[0, 3, 1, 2])
    if pixels.colour == "bgr":
        value = writer.add("Gather", value, writer.integers(2, 1, 0), axis=channel_axis)
    if picture.dtype in WHOLE:
        return value if picture.dtype == "uint8" else writer.cast(value, picture.dtype)
    value = writer.cast(value, "float32")
    if pixels.normalises:
        shape = (CHANNELS, 1, 1) if picture.layout == "nchw" else (CHANNELS,)
        std = np.array(pixels.std, np.float64)
        factor = (pixels.scale / std).reshape(shape)
        offset = (-np.array(pixels.mean, np.float64) / std).reshape(shape)
        value = writer.add("Mul", value, writer.constant(factor, np.float32))
        value = writer.add("Add", value, writer.constant(offset, np.float32))
    return writer.cast(value, "float16") if picture.dtype == "float16" else value
