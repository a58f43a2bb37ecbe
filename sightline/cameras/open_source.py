"""From what a person names to the source that reads it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from sightline.cameras.folder import FolderSource
from sightline.cameras.options import SourceOptions
from sightline.cameras.rtsp import RtspSource, without_password
from sightline.cameras.video import VideoSource
from sightline.cameras.webcam import WebcamSource
from sightline.errors import InputError
from sightline.picture_names import SUFFIXES
from sightline.ports import FrameSource
from sightline.wire import CAMERA_ID

KINDS = "a video file, a folder of images, rtsp://HOST/PATH, or webcam:0"
_WEBCAM = re.compile(r"webcam:(\d+)|/dev/video(\d+)")


def open_source(name: str, *, options: SourceOptions) -> FrameSource:
    """The source that ``name`` stands for: a video file, a folder of images, an RTSP address, or ``webcam:<N>``.

    Nothing is opened yet: ``frames`` of the source does that.

    Raises:
        InputError: there is no such file, or no source of that kind.
    """
    if is_live(name):
        webcam = _WEBCAM.fullmatch(name)
        if webcam:
            return WebcamSource(Path(f"/dev/video{webcam[1] or webcam[2]}"), options=options)
        return RtspSource(name, options=options)
    if "://" in name:
        raise InputError(f"{without_password(name)}: no source of that kind: give {KINDS}")
    path = Path(name)
    if path.is_dir():
        return FolderSource(path, options=options)
    if not path.is_file():
        raise InputError(f"{name} does not exist: give {KINDS}")
    if path.suffix.lower() in SUFFIXES:
        raise InputError(f"{name} is a single image: put it into a folder, and give the folder")
    return VideoSource(path, options=options)


def is_live(name: str) -> bool:
    """Whether pictures of this source come when they come (RTSP, webcams), rather than when we ask."""
    return _WEBCAM.fullmatch(name) is not None or name.lower().startswith(("rtsp://", "rtsps://"))


def default_camera_id(name: str) -> str:
    """A camera id for a source that was given none: the file's stem, the folder's name, the host, or ``webcam<N>``."""
    webcam = _WEBCAM.fullmatch(name)
    if webcam:
        return f"webcam{webcam[1] or webcam[2]}"
    label = (urlsplit(name).hostname or "") if "://" in name else Path(name).resolve().stem
    legal = re.sub(r"[^A-Za-z0-9._-]+", "-", label).lstrip("._-")[:128]
    if not CAMERA_ID.fullmatch(legal):
        raise InputError(f"no camera id can be made of {without_password(name)!r}: name one with --camera")
    return legal
