"""What all frame sources are told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How a source is to be read.

    Attributes:
        camera: the id under which its pictures are published.
        fps: at most this many pictures a second, evenly spaced; None = all (folders: ``folder.DEFAULT_FPS``).
        start_us: capture time of the first picture of a file or folder, microseconds since the epoch. Live sources
            have a time of their own.
        loop: begin a file or folder again when it ends, with new frame ids and capture times that go on.
        paced: let a file or folder take as long as it took to record; False = as fast as its reader takes it.
        jpeg_quality: of pictures that have to be encoded, 1-100.
    """

    camera: str
    fps: float | None = None
    start_us: int = 0
    loop: bool = False
    paced: bool = True
    jpeg_quality: int = 90
