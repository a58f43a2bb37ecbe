"""The picture of a person that the blob store keeps: enough to show, and to embed again with another model."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sightline.geometry import expand_box, integer_box
from sightline.settings import StreamSettings
from sightline.types import Float32Array, UInt8Array


@dataclass(frozen=True, slots=True)
class StoredCrop:
    """An encoded crop; ``box_xywh`` is the person's box in pixels of it."""

    jpeg: bytes
    box_xywh: tuple[float, float, float, float]


def stored_crop(image: UInt8Array, box_xyxy: Float32Array, settings: StreamSettings) -> StoredCrop:
    """Cut the box with a margin and encode it as JPEG; taller cuts than ``crop_max_height_px`` are shrunk.

    The margin is there so that a later model with a wider crop rule can still be fed.
    """
    left, top, right, bottom = integer_box(expand_box(box_xyxy, settings.crop_margin), (image.shape[1], image.shape[0]))
    cut = image[top:bottom, left:right]
    scale = min(1.0, settings.crop_max_height_px / (bottom - top))
    if scale < 1:
        size_wh = (max(1, round((right - left) * scale)), settings.crop_max_height_px)
        cut = cv2.resize(cut, size_wh, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(np.ascontiguousarray(cut), cv2.COLOR_RGB2BGR)
    # Full colour resolution: people are a few dozen pixels wide, and halved colours cost more than the quality does.
    options = [cv2.IMWRITE_JPEG_QUALITY, settings.crop_jpeg_quality]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    encoded, jpeg = cv2.imencode(".jpg", bgr, options)
    assert encoded, "JPEG encoding of an 8-bit picture does not fail"
    x0, y0, x1, y1 = (float(value) for value in box_xyxy)
    return StoredCrop(jpeg.tobytes(), ((x0 - left) * scale, (y0 - top) * scale, (x1 - x0) * scale, (y1 - y0) * scale))
