"""What the sources that read through PyAV (FFmpeg) share: opening, decoding, and pictures to JPEG. The only home of av."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import av
import numpy as np
import simplejpeg

from sightline.errors import InputError

logger = logging.getLogger(__name__)

_REFUSALS = (av.error.HTTPClientError, av.error.ProtocolNotFoundError)


class VideoFault(InputError):
    """A video cannot be opened, or read on.

    Attributes:
        refused: the other side answered, and asking again will not change the answer.
    """

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


@contextmanager
def open_video(
    url: str, *, kind: str | None = None, options: Mapping[str, str] | None = None, timeout_s: float | None = None
) -> Iterator[Any]:
    """An open PyAV input container with a picture stream, which decodes on the caller's thread alone.

    Args:
        url: what FFmpeg opens.
        kind: name of the FFmpeg input format; None = told by the contents.
        options: of the format.
        timeout_s: for opening, and for each read.

    Raises:
        VideoFault: it cannot be opened, or holds no pictures.
    """
    with _faults():
        container = av.open(url, format=kind, options=dict(options or {}), timeout=timeout_s)
    with container:
        if not container.streams.video:
            raise VideoFault("there is no picture stream in it", refused=True)
        container.streams.video[0].codec_context.thread_count = 1
        yield container


def decoded(container: Any, *, damaged: Callable[[], None]) -> Iterator[Any]:
    """The whole pictures of the first picture stream, in order of presentation, as ``av.VideoFrame``.

    ``damaged`` is called for each packet or picture that cannot be used.

    Raises:
        VideoFault: reading failed, for example by a time-out.
    """
    packets = container.demux(container.streams.video[0])
    while True:
        with _faults():
            packet = next(packets, None)
        if packet is None:
            return
        try:
            pictures = packet.decode()
        except av.error.FFmpegError as error:
            logger.debug("a packet that cannot be decoded: %s", error.strerror)
            damaged()
            continue
        for picture in pictures:
            if picture.is_corrupt:
                damaged()
            else:
                yield picture


def to_jpeg(picture: Any, quality: int) -> bytes:
    """An ``av.VideoFrame`` as JPEG, upright (the container's rotation applied)."""
    rgb = picture.to_ndarray(format="rgb24")
    quarter_turns = round(picture.rotation / 90) % 4
    upright = np.ascontiguousarray(np.rot90(rgb, quarter_turns)) if quarter_turns else rgb
    return bytes(simplejpeg.encode_jpeg(upright, quality=quality, colorspace="RGB", colorsubsampling="420"))


def frame_rate(container: Any) -> float | None:
    """Pictures per second as the container declares them; None where it does not, or nonsense."""
    stream = container.streams.video[0]
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    return rate if 0 < rate <= 240 else None


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        # strerror alone: the whole message names the address, and with it the camera's password
        raise VideoFault(error.strerror or type(error).__name__, refused=isinstance(error, _REFUSALS)) from error
