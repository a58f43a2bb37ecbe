"""Encoded pictures to pixels, safely: what is too large, cut off or not a picture is refused before it costs anything.

JPEG goes through libjpeg-turbo by way of simplejpeg: the same pixels as OpenCV in less time, it gives up the GIL, reports
a picture that is cut off, and writes nothing to stderr (OpenCV's libjpeg and libpng do, on every bad picture). PNG and
WebP, which few cameras send, go through Pillow for the same reasons.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg
from PIL import Image

from sightline.errors import RejectedFrame, RejectReason
from sightline.image_header import JPEG, PNG, ImageHeader, exif_orientation, read_header
from sightline.types import UInt8Array

if TYPE_CHECKING:  # whoever trains needs no settings
    from sightline.settings import StreamSettings

_ALIASES = {"image/jpg": JPEG, "image/pjpeg": JPEG, "image/x-png": PNG}
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})

_UPRIGHT: Mapping[int, Callable[[UInt8Array], UInt8Array]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: image[::-1].swapaxes(0, 1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: image[:, ::-1].swapaxes(0, 1),
}
"""How each EXIF orientation is turned upright; the others are upright already."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a picture may cost: bytes as encoded, pixels in all, and pixels of its longer side."""

    max_bytes: int
    max_pixels: int
    max_side: int

    @classmethod
    def from_settings(cls, settings: StreamSettings) -> ImageLimits:
        """The limits of published frames."""
        return cls(settings.max_image_bytes, settings.max_image_pixels, settings.max_image_side)


def decode_image(data: bytes, *, content_type: str = "", limits: ImageLimits) -> UInt8Array:
    """Decode one JPEG, PNG or WebP picture. Blocking, thread-safe, gives up the GIL while it decodes.

    Grey, palette, CMYK and 16-bit pictures become 8-bit RGB; an alpha channel is dropped. Sizes are judged from the
    header, before any pixel is decoded, so that the memory used is bounded by ``limits``.

    Args:
        data: the encoded picture; bytes after its end (padding of some cameras) are ignored.
        content_type: the MIME type that the publisher named; "" or application/octet-stream where it named none.
        limits: beyond them the picture is refused.

    Returns:
        uint8 RGB (H, W, 3), C-contiguous, upright (EXIF rotation applied).

    Raises:
        RejectedFrame: empty, too_many_bytes, unsupported_type, bad_shape, too_many_pixels, truncated or undecodable.
    """
    if not data:
        raise RejectedFrame(RejectReason.EMPTY, "expected an encoded picture, got no bytes")
    if len(data) > limits.max_bytes:
        detail = f"expected at most {limits.max_bytes} bytes (stream.max_image_bytes), got {len(data)}"
        raise RejectedFrame(RejectReason.TOO_MANY_BYTES, detail)
    header = read_header(data)
    _check_type(content_type, header)
    _check_size(header, limits)
    if not header.complete:
        raise RejectedFrame(RejectReason.TRUNCATED, f"the end of the {header.content_type} is missing ({len(data)} bytes)")
    if header.content_type == JPEG:
        image, orientation = _decode_jpeg(data, header), header.orientation
    else:
        image, orientation = _decode_with_pillow(data, header)
    upright = _UPRIGHT.get(orientation)
    return np.ascontiguousarray(upright(image)) if upright else image


def _check_type(content_type: str, header: ImageHeader) -> None:
    named = content_type.partition(";")[0].strip().lower()
    if named not in _SAYS_NOTHING and _ALIASES.get(named, named) != header.content_type:
        detail = f"content-type says {named[:80]!r}, the bytes are {header.content_type}"
        raise RejectedFrame(RejectReason.UNSUPPORTED_TYPE, detail)


def _check_size(header: ImageHeader, limits: ImageLimits) -> None:
    width, height = header.width, header.height
    if not (0 < width <= limits.max_side and 0 < height <= limits.max_side):
        detail = f"expected sides of 1 to {limits.max_side} pixels (stream.max_image_side), got {width}x{height}"
        raise RejectedFrame(RejectReason.BAD_SHAPE, detail)
    if width * height > limits.max_pixels:
        detail = f"expected at most {limits.max_pixels} pixels (stream.max_image_pixels), got {width}x{height}"
        raise RejectedFrame(RejectReason.TOO_MANY_PIXELS, detail)


def _decode_jpeg(data: bytes, header: ImageHeader) -> UInt8Array:
    try:
        if simplejpeg.decode_jpeg_header(data)[:2] != (header.height, header.width):
            raise RejectedFrame(RejectReason.UNDECODABLE, "a JPEG with contradicting frame headers")
        return np.asarray(_decode_jpeg_leniently(data), np.uint8)
    except ValueError as error:
        cut_off = "premature end" in str(error).lower()
        raise RejectedFrame(RejectReason.TRUNCATED if cut_off else RejectReason.UNDECODABLE, str(error)) from error


def _decode_jpeg_leniently(data: bytes) -> UInt8Array:
    """Strictly, but for bytes between the last block and the end marker, which many webcams leave there."""
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB", strict=True), np.uint8)
    except ValueError as error:
        if "extraneous bytes" not in str(error):
            raise
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB", strict=False), np.uint8)


def _decode_with_pillow(data: bytes, header: ImageHeader) -> tuple[UInt8Array, int]:
    try:
        with Image.open(io.BytesIO(data), formats=(header.content_type.removeprefix("image/"),)) as picture:
            if picture.size != (header.width, header.height):
                raise RejectedFrame(RejectReason.UNDECODABLE, f"a {header.content_type} with contradicting sizes")
            picture.load()
            exif = picture.info.get("exif", b"")
            return _rgb(picture), exif_orientation(exif if isinstance(exif, bytes) else b"")
    except RejectedFrame:
        raise
    except Exception as error:
        raise RejectedFrame(RejectReason.UNDECODABLE, f"{header.content_type}: {error!r}"[:300]) from error


def _rgb(picture: Image.Image) -> UInt8Array:
    if picture.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion clips instead of scaling
        grey = (np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.array(picture.convert("RGB"))
