"""From what a person names to a source and a camera id."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.cameras.folder import FolderSource
from sightline.cameras.open_source import default_camera_id, is_live, open_source
from sightline.cameras.options import SourceOptions
from sightline.cameras.rtsp import RtspSource, without_password
from sightline.cameras.video import VideoSource
from sightline.cameras.webcam import WebcamSource
from sightline.errors import InputError

OPTIONS = SourceOptions("door")


def test_each_kind_is_told_by_its_name(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.touch()
    assert isinstance(open_source(str(film), options=OPTIONS), VideoSource)
    assert isinstance(open_source(str(tmp_path), options=OPTIONS), FolderSource)
    assert isinstance(open_source("rtsp://host/path", options=OPTIONS), RtspSource)
    assert isinstance(open_source("webcam:7", options=OPTIONS), WebcamSource)
    assert isinstance(open_source("/dev/video7", options=OPTIONS), WebcamSource)


@pytest.mark.parametrize(("name", "live"), [("rtsp://h/p", True), ("RTSPS://h/p", True), ("webcam:0", True), ("a.mp4", False)])
def test_live_sources(name: str, live: bool) -> None:
    assert is_live(name) == live


def test_a_missing_file_is_named_with_the_next_step() -> None:
    with pytest.raises(InputError, match=r"nowhere\.mp4 does not exist: give a video file, a folder of images, rtsp://"):
        open_source("nowhere.mp4", options=OPTIONS)


def test_an_unknown_kind_of_address_is_named_without_its_password() -> None:
    with pytest.raises(InputError, match="no source of that kind") as caught:
        open_source("gopher://user:secret@host/x", options=OPTIONS)
    assert "secret" not in str(caught.value)


def test_a_single_image_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").touch()
    with pytest.raises(InputError, match="single image: put it into a folder"):
        open_source(str(tmp_path / "a.JPG"), options=OPTIONS)


@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("videos/room camera (a).mp4", "room-camera-a-"),
        ("frames/", "frames"),
        ("rtsp://user:secret@door.example:554/stream1", "door.example"),
        ("webcam:2", "webcam2"),
        ("/dev/video3", "webcam3"),
        ("_x.mp4", "x"),
    ],
)
def test_default_camera_ids(name: str, camera: str) -> None:
    assert default_camera_id(name) == camera


def test_where_no_id_can_be_made_the_next_step_is_named() -> None:
    with pytest.raises(InputError, match="--camera"):
        default_camera_id("---/....mp4")


def test_a_webcam_that_is_not_there_is_named_with_the_next_step() -> None:
    with pytest.raises(InputError, match=r"webcam /dev/video987: .*: plug one in \(found here: "):
        next(open_source("webcam:987", options=OPTIONS).frames())


def test_addresses_are_shown_without_their_password() -> None:
    assert without_password("rtsp://user:s@cret@host:554/a?b=c") == "rtsp://host:554/a?b=c"
    assert without_password("rtsp://host/a") == "rtsp://host/a"
