"""Which family a net is of, told from its tensors alone."""

from __future__ import annotations

from collections.abc import Callable

from sightline.models.importer.chart import CLASSES, COARSE_CLASSES
from sightline.models.importer.joints import COCO
from sightline.models.importer.pixels import CHANNELS
from sightline.models.importer.recipe import Kind
from sightline.models.importer.source import Dimensions, SourceModel
from sightline.models.importer.yolox import BOX_AND_OBJECTNESS

PERSON_CROP_HW = (256, 128)


def recognise(source: SourceModel) -> Kind:
    """The family of a net.

    Raises:
        ModelError: it is of no known family.
    """
    for kind, looks_so in _LOOKS.items():
        if looks_so(source.input.shape, [output.shape for output in source.outputs]):
            return kind
    raise source.refuse(
        "a YOLOX detector ([N, 3, H, W] -> [N, rows, 5 + classes]), an OSNet-like embedder ([N, 3, 256, 128] -> [N, D]), "
        "a pose net (RTMPose: -> [N, K, 2 W], [N, K, 2 H]; heat maps as HRNet's: -> [N, K, h, w]; MoveNet: "
        "[1, H, W, 3] -> [1, 1, 17, 3]) or DensePose ([N, 3, H, W] -> [N, 2 or 15, h, w] and three of [N, 25, h, w]); "
        "say what it is with --kind …, or --kind onnx --role …"
    )


def _yolox(picture: Dimensions, outputs: list[Dimensions]) -> bool:
    columns = outputs[0][2] if len(outputs) == 1 and len(outputs[0]) == 3 else 0
    return picture[1] == CHANNELS and isinstance(columns, int) and columns > BOX_AND_OBJECTNESS


def _osnet(picture: Dimensions, outputs: list[Dimensions]) -> bool:
    return len(outputs) == 1 and len(outputs[0]) == 2 and picture[1:] == (CHANNELS, *PERSON_CROP_HW)


def _rtmpose(picture: Dimensions, outputs: list[Dimensions]) -> bool:
    """As many joints in both, and as many bins a pixel."""
    if picture[1] != CHANNELS or [len(shape) for shape in outputs] != [3, 3] or outputs[0][1] != outputs[1][1]:
        return False
    (height, width), (across, down) = picture[2:], (shape[2] for shape in outputs)
    if not (isinstance(height, int) and isinstance(width, int) and isinstance(across, int) and isinstance(down, int)):
        return False
    return across * height == down * width and across >= width


def _hrnet(picture: Dimensions, outputs: list[Dimensions]) -> bool:
    """A map a joint, in the picture's proportion; of another number of joints than COCO's it may be anything."""
    if picture[1] != CHANNELS or len(outputs) != 1 or len(outputs[0]) != 4 or outputs[0][1] != len(COCO):
        return False
    (height, width), (rows, columns) = picture[2:], outputs[0][2:]
    if not (isinstance(height, int) and isinstance(width, int) and isinstance(rows, int) and isinstance(columns, int)):
        return False
    return rows * width == columns * height and rows < height


def _movenet(picture: Dimensions, outputs: list[Dimensions]) -> bool:
    return picture[3] == CHANNELS and len(outputs) == 1 and outputs[0][1:] == (1, len(COCO), 3)


def _densepose(picture: Dimensions, outputs: list[Dimensions]) -> bool:
    if picture[1] != CHANNELS or any(len(shape) != 4 for shape in outputs):
        return False
    channels = [shape[1] for shape in outputs]
    return len(channels) == 4 and channels.count(CLASSES) == 3 and any(count in COARSE_CLASSES for count in channels)


_LOOKS: dict[Kind, Callable[[Dimensions, list[Dimensions]], bool]] = {
    "yolox": _yolox,
    "osnet": _osnet,
    "rtmpose": _rtmpose,
    "hrnet": _hrnet,
    "movenet": _movenet,
    "densepose": _densepose,
}
"""Each is told the shapes of the picture and of the outputs; the first that says yes counts."""
