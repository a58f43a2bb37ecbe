"""Videos that the tests write themselves."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SHADES = (20, 60, 100, 140, 180, 220)


def picture(shade: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Grey of this shade, with the left upper quarter red, so that turns show. uint8 RGB (H, W, 3)."""
    image = np.full((height, width, 3), shade, np.uint8)
    image[: height // 2, : width // 2] = (230, 20, 20)
    return image


@pytest.fixture
def write_video(tmp_path: Path) -> Callable[..., Path]:
    """``write_video(times_ms=[0, 100, …])``: an MP4 with one picture at each time, of shades that tell them apart."""

    def write(name: str = "door.mp4", *, times_ms: list[int] | None = None) -> Path:
        path = tmp_path / name
        times = times_ms if times_ms is not None else [100 * index for index in range(len(SHADES))]
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.gop_size = 1
            for index, time_ms in enumerate(times):
                frame = av.VideoFrame.from_ndarray(picture(SHADES[index % len(SHADES)]), format="rgb24")
                frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write
