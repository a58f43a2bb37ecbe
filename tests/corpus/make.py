"""Make the corpus of pictures: `python tests/corpus/make.py` writes `images/<verdict>/<what>` beside this file.

Each folder is named after the verdict that its files deserve: `accepted`, or the reason of the rejection. All of them
are drawn by the code below; the largest has a few kilobytes.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

IMAGES = Path(__file__).parent / "images"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def scene(width: int = 48, height: int = 32) -> np.ndarray:
    """Smooth ramps with some noise: uint8 RGB (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    ramps = np.stack([x * 200 / width, y * 200 / height, (x + y) * 100 / (width + height)], axis=-1)
    return (ramps + np.random.default_rng(3).integers(0, 50, ramps.shape)).astype(np.uint8)


def encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(scene()).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def rotated_exif() -> bytes:
    return b"Exif\x00\x00II*\x00" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_claiming(width: int, height: int) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return PNG_SIGNATURE + header + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int, *, progressive: bool = False) -> bytes:
    data = bytearray(encoded("JPEG", progressive=progressive))
    frame = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_claiming(width: int, height: int) -> bytes:
    body = b"WEBPVP8X" + struct.pack("<II", 10, 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_many_scans() -> bytes:
    data = encoded("JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 101 + data[-2:]


def animated(kind: str) -> bytes:
    pictures = [Image.fromarray(scene()), Image.fromarray(scene()[::-1].copy())]
    buffer = io.BytesIO()
    pictures[0].save(buffer, kind, save_all=True, append_images=pictures[1:])
    return buffer.getvalue()


def zeroed(data: bytes) -> bytes:
    """The same with 60 bytes of its middle lost."""
    middle = len(data) // 2
    return data[:middle] + bytes(60) + data[middle + 60 :]


def accepted() -> dict[str, bytes]:
    sixteen = io.BytesIO()
    Image.fromarray(scene()[:, :, 0].astype(np.uint16) * 257).save(sixteen, "PNG")
    return {
        "baseline.jpg": encoded("JPEG"),
        "progressive.jpg": encoded("JPEG", progressive=True),
        "grey.jpg": encoded("JPEG", "L"),
        "cmyk.jpg": encoded("JPEG", "CMYK"),
        "rotated.jpg": encoded("JPEG", exif=rotated_exif()),
        "padded.jpg": encoded("JPEG") + bytes(512),
        "stuffed.jpg": encoded("JPEG")[:-2] + b"\x55" * 40 + b"\xff\xd9",
        "rgb.png": encoded("PNG"),
        "alpha.png": encoded("PNG", "RGBA"),
        "palette.png": encoded("PNG", "P"),
        "bits.png": encoded("PNG", "1"),
        "sixteen.png": sixteen.getvalue(),
        "lossy.webp": encoded("WEBP"),
        "lossless.webp": encoded("WEBP", lossless=True),
        "alpha.webp": encoded("WEBP", "RGBA"),
        "rotated.webp": encoded("WEBP", exif=rotated_exif()),
    }


def refused() -> dict[str, dict[str, bytes]]:
    jpeg, png, webp = encoded("JPEG"), encoded("PNG"), encoded("WEBP")
    return {
        "bad_shape": {
            "60000x1.jpg": jpeg_claiming(60_000, 1),
            "1x60000.jpg": jpeg_claiming(1, 60_000),
            "60000x1.png": png_claiming(60_000, 1),
            "60000x1.webp": webp_claiming(60_000, 1),
            "0x9.jpg": jpeg_claiming(0, 9),
            "9x0.jpg": jpeg_claiming(9, 0),
            "0x9.png": png_claiming(0, 9),
            "huge.png": png_claiming(2**31, 2**31),
        },
        "too_many_pixels": {
            "bomb.jpg": jpeg_claiming(16_000, 16_000),
            "progressive.jpg": jpeg_claiming(16_000, 16_000, progressive=True),
            "bomb.png": png_claiming(16_000, 16_000),
            "bomb.webp": webp_claiming(16_000, 16_000),
        },
        "truncated": {
            "half.jpg": jpeg[: len(jpeg) // 2],
            "header.jpg": jpeg[:100],
            "no_end_marker.jpg": jpeg[:-2],
            "lost_middle.jpg": jpeg[: len(jpeg) // 2] + b"\xff\xd9",
            "half.png": png[: len(png) // 2],
            "half.webp": webp[: len(webp) // 2],
        },
        "unsupported_type": {
            "animated.png": animated("PNG"),
            "animated.webp": animated("WEBP"),
            "picture.gif": encoded("GIF"),
            "picture.bmp": encoded("BMP"),
            "page.jpg": b"<!doctype html><title>401 Unauthorized</title>",
        },
        "undecodable": {
            "scans.jpg": jpeg_of_many_scans(),
            "no_picture.jpg": b"\xff\xd8\xff\xe0\x00\x02\xff\xd9\xff\xd9\xff\xd9",
            "fill_bytes.jpg": b"\xff\xd8" + b"\xff" * 4000,
            "zeroed.png": zeroed(png),
            "zeroes.png": PNG_SIGNATURE + bytes(40) + b"IEND\xaeB`\x82",
            "no_picture.webp": b"RIFF\x20\x00\x00\x00WEBPJUNK" + bytes(60),
        },
        "empty": {"nothing.jpg": b""},
    }


def main() -> None:
    for verdict, pictures in {"accepted": accepted(), **refused()}.items():
        (IMAGES / verdict).mkdir(parents=True, exist_ok=True)
        for name, data in pictures.items():
            (IMAGES / verdict / name).write_bytes(data)


if __name__ == "__main__":
    main()
