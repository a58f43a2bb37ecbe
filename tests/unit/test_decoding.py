"""What becomes of every kind of picture that a camera, or somebody who means harm, can send."""

from __future__ import annotations

import contextlib
import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import RejectedFrame, RejectReason
from sightline.settings import StreamSettings

LIMITS = ImageLimits(max_bytes=8 << 20, max_pixels=40_000_000, max_side=16_384)


def scene(width: int = 120, height: int = 80) -> np.ndarray:
    """Smooth ramps, each channel another direction, so that turns and swapped colours show. uint8 RGB (H, W, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 200 / width + 20, y * 200 / height + 30, (x + y) * 100 / (width + height) + 10)
    return np.stack(channels, axis=-1).astype(np.uint8)


def encoded(image: Image.Image | np.ndarray, kind: str = "JPEG", **options: object) -> bytes:
    picture = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def reason_of(data: bytes, *, content_type: str = "", limits: ImageLimits = LIMITS) -> RejectReason:
    with pytest.raises(RejectedFrame) as caught:
        decode_image(data, content_type=content_type, limits=limits)
    assert caught.value.detail
    return caught.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_pixels_are_those_of_the_picture(kind: str) -> None:
    options = {"quality": 95} if kind != "PNG" else {}
    image = decode_image(encoded(scene(), kind, **options), limits=LIMITS)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert np.abs(image.astype(int) - scene()).mean() < 2.5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("byte_order", ["II", "MM"])
def test_exif_rotation_is_applied(kind: str, orientation: int, byte_order: str) -> None:
    little = byte_order == "II"
    pack = "<" if little else ">"
    tiff = (b"II*\x00" if little else b"MM\x00*") + struct.pack(pack + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    data = encoded(scene(), kind, exif=b"Exif\x00\x00" + tiff)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    image = decode_image(data, limits=LIMITS)
    assert image.shape == np.asarray(upright).shape
    np.testing.assert_allclose(image.astype(int), np.asarray(upright).astype(int), atol=3)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("1", "PNG"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
    ],
)
def test_other_colour_models_become_rgb(mode: str, kind: str) -> None:
    picture = Image.fromarray(scene()).convert(mode)
    image = decode_image(encoded(picture, kind), limits=LIMITS)
    assert image.shape == (80, 120, 3)
    assert np.abs(image.astype(int) - np.asarray(picture.convert("RGB"))).mean() < 4


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    grey = scene()[:, :, 0]
    image = decode_image(encoded(grey.astype(np.uint16) * 257, "PNG"), limits=LIMITS)
    np.testing.assert_array_equal(image, np.repeat(grey[:, :, None], 3, axis=2))


def test_a_progressive_jpeg_decodes() -> None:
    assert decode_image(encoded(scene(), progressive=True), limits=LIMITS).shape == (80, 120, 3)


def test_nothing_is_empty() -> None:
    assert reason_of(b"") == RejectReason.EMPTY


def test_each_limit_is_exact() -> None:
    data = encoded(scene())
    exact = ImageLimits(max_bytes=len(data), max_pixels=120 * 80, max_side=120)
    assert decode_image(data, limits=exact).shape == (80, 120, 3)
    assert reason_of(data, limits=ImageLimits(len(data) - 1, 120 * 80, 120)) == RejectReason.TOO_MANY_BYTES
    assert reason_of(data, limits=ImageLimits(len(data), 120 * 80 - 1, 120)) == RejectReason.TOO_MANY_PIXELS
    assert reason_of(data, limits=ImageLimits(len(data), 120 * 80, 119)) == RejectReason.BAD_SHAPE


def test_the_limits_come_from_the_settings() -> None:
    settings = StreamSettings(max_image_bytes=10, max_image_pixels=20, max_image_side=30)
    assert ImageLimits.from_settings(settings) == ImageLimits(max_bytes=10, max_pixels=20, max_side=30)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("with_thumbnail", [False, True])
def test_a_picture_that_is_cut_off_is_truncated(kind: str, kept: float, with_thumbnail: bool) -> None:
    thumbnail = encoded(scene(16, 16))
    options = {"exif": b"Exif\x00\x00II*\x00" + thumbnail} if with_thumbnail and kind == "JPEG" else {}
    data = encoded(np.random.default_rng(5).integers(0, 255, (64, 64, 3), np.uint8), kind, **options)
    assert reason_of(data[: int(len(data) * kept)]) == RejectReason.TRUNCATED


def test_a_jpeg_that_lost_its_middle_is_truncated() -> None:
    data = encoded(np.random.default_rng(5).integers(0, 255, (64, 64, 3), np.uint8))
    assert reason_of(data[: len(data) // 2] + b"\xff\xd9") == RejectReason.TRUNCATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("padding", [bytes(700), b"\xff" * 700, b"\r\n", b"--boundary\r\nContent-Type: image/jpeg"])
def test_padding_after_the_end_is_no_fault(kind: str, padding: bytes) -> None:
    data = encoded(scene(), kind)
    np.testing.assert_array_equal(decode_image(data + padding, limits=LIMITS), decode_image(data, limits=LIMITS))


def test_stuffing_before_the_end_marker_is_no_fault() -> None:
    data = encoded(scene())
    for stuffing in (bytes(7), b"\x55" * 40):
        np.testing.assert_array_equal(
            decode_image(data[:-2] + stuffing + b"\xff\xd9", limits=LIMITS), decode_image(data, limits=LIMITS)
        )


@pytest.mark.parametrize("data", [b"GIF89a" + bytes(99), b"%PDF-1.7", b"BM" + bytes(99), b"\x00" * 50, b"hello", b"\xff\xd8"])
def test_other_formats_are_refused(data: bytes) -> None:
    assert reason_of(data) == RejectReason.UNSUPPORTED_TYPE


@pytest.mark.parametrize("named", ["", "application/octet-stream", "image/jpeg", "IMAGE/JPG; charset=binary"])
def test_content_types_that_agree_or_say_nothing(named: str) -> None:
    assert decode_image(encoded(scene()), content_type=named, limits=LIMITS).shape == (80, 120, 3)


@pytest.mark.parametrize("named", ["image/png", "image/webp", "text/plain", "video/mp4", "jpeg"])
def test_a_content_type_that_contradicts_the_bytes_is_refused(named: str) -> None:
    assert reason_of(encoded(scene()), content_type=named) == RejectReason.UNSUPPORTED_TYPE


def test_decoders_write_nothing_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encoded(noise, kind)
        for broken in (data[: len(data) // 2] + bytes(60) + data[len(data) // 2 + 60 :], data[:-40]):
            with contextlib.suppress(RejectedFrame):
                decode_image(broken, limits=LIMITS)
    assert capfd.readouterr() == ("", "")


def test_the_pixels_are_opencvs() -> None:
    data = encoded(scene(), quality=80)
    by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(decode_image(data, limits=LIMITS), by_opencv)
