"""What an encoded picture says of itself, read from its first bytes without decoding a pixel.

Formats are told by their magic numbers: JPEG, PNG and WebP. A reader here bounds its own work: it walks a limited number
of segments and allocates nothing that grows with the sizes that the header claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sightline.errors import RejectedFrame, RejectReason

JPEG = "image/jpeg"
PNG = "image/png"
WEBP = "image/webp"

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_PNG_ANIMATION = b"\x00\x00\x00\x08acTL"
_MAX_JPEG_STEPS = 2_000
_MAX_JPEG_SCANS = 100
_APP1, _EOI, _SOS = 0xE1, 0xD9, 0xDA
_NOT_FRAME_HEADERS = frozenset({0xC4, 0xC8, 0xCC})  # in the range of SOF0-SOF15: DHT, JPG, DAC
_PROGRESSIVE = frozenset({0xC2, 0xCA})
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})  # stuffing, TEM, RST0-RST7, SOI
_EXIF_PREFIX = b"Exif\x00\x00"
_ORIENTATION_TAG = 0x0112


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header of a picture says.

    Attributes:
        content_type: image/jpeg, image/png or image/webp.
        width, height: in pixels as stored, before any rotation; 0 where the file says so.
        orientation: EXIF's, 1 (upright) to 8. Read here for JPEG alone; the decoder of the other formats hands it out.
        complete: the end of the picture is there; trailing bytes after it (padding of some cameras) are no fault.
    """

    content_type: str
    width: int
    height: int
    orientation: int = 1
    complete: bool = True


def read_header(data: bytes) -> ImageHeader:
    """The header of a JPEG, PNG or WebP picture.

    Raises:
        RejectedFrame: unsupported_type (another format, or an animation), undecodable (a header that makes no sense),
            truncated (the header itself is cut off).
    """
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _read_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _read_webp(data)
    detail = f"expected a JPEG, PNG or WebP picture, got bytes that begin with {data[:12].hex(' ')}"
    raise RejectedFrame(RejectReason.UNSUPPORTED_TYPE, detail)


def exif_orientation(exif: bytes) -> int:
    """Orientation 1-8 from an EXIF block (with or without its ``Exif`` prefix); 1 where it names none or is broken."""
    tiff = exif.removeprefix(_EXIF_PREFIX)
    if tiff[:4] not in (b"II*\x00", b"MM\x00*"):
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if tiff[:1] == b"I" else "big")

    directory = number(4, 4)
    entries = min(number(directory, 2), len(tiff) // 12)
    for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
        if number(entry, 2) == _ORIENTATION_TAG:
            value = number(entry + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def _read_jpeg(data: bytes) -> ImageHeader:
    frame, orientation, progressive = b"", 1, False
    marker, scan_at = 0, 0
    for marker, at, payload in _jpeg_segments(data):
        if marker == _APP1 and payload.startswith(_EXIF_PREFIX):
            orientation = exif_orientation(payload)
        elif 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAME_HEADERS:
            frame, progressive = payload, marker in _PROGRESSIVE
        elif marker == _SOS:
            scan_at = at
            progressive = progressive or payload[:1] < frame[5:6]  # fewer components in the scan than in the picture
    if not scan_at or len(frame) < 6:
        raise _broken("JPEG", "its frame header and first scan", cut_off=marker not in (_SOS, _EOI))
    if progressive and data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise RejectedFrame(RejectReason.UNDECODABLE, f"a JPEG of more than {_MAX_JPEG_SCANS} scans: too dear to decode")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    # Entropy-coded data hold no marker, so an end marker behind the first scan is the picture's, not a thumbnail's.
    return ImageHeader(JPEG, width, height, orientation, complete=data.rfind(b"\xff\xd9", scan_at) >= 0)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(marker, position, payload) up to and with the first scan or the end; stray bytes are skipped, as libjpeg does."""
    at = 2
    for _ in range(_MAX_JPEG_STEPS):
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            return
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            end = at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
            yield marker, at, data[at + 4 : end]
            if marker in (_SOS, _EOI):
                return
            at = end
    raise RejectedFrame(RejectReason.UNDECODABLE, f"a JPEG without a scan in its first {_MAX_JPEG_STEPS} segments")


def _read_png(data: bytes) -> ImageHeader:
    complete = data.rfind(_PNG_END) >= 0
    if data[8:16] != b"\x00\x00\x00\x0dIHDR" or len(data) < 33:
        raise _broken("PNG", "its IHDR chunk", cut_off=not complete)
    if _PNG_ANIMATION in data[: max(0, data.find(b"IDAT"))]:
        raise _animated("PNG")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return ImageHeader(PNG, width, height, complete=complete)


def _read_webp(data: bytes) -> ImageHeader:
    complete = len(data) >= 8 + int.from_bytes(data[4:8], "little")
    chunk, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise _broken("WebP", "its first chunk", cut_off=not complete)
    if chunk == b"VP8X":
        if body[0] & 0x02:
            raise _animated("WebP")
        width, height = (1 + int.from_bytes(body[at : at + 3], "little") for at in (4, 7))
    elif chunk == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    else:
        raise _broken("WebP", "a VP8, VP8L or VP8X chunk", cut_off=False)
    return ImageHeader(WEBP, width, height, complete=complete)


def _broken(what: str, expected: str, *, cut_off: bool) -> RejectedFrame:
    if cut_off:
        return RejectedFrame(RejectReason.TRUNCATED, f"a {what} that is cut off before {expected}")
    return RejectedFrame(RejectReason.UNDECODABLE, f"a {what} without {expected}")


def _animated(what: str) -> RejectedFrame:
    return RejectedFrame(RejectReason.UNSUPPORTED_TYPE, f"an animated {what}: publish its pictures one by one")
