"""A folder of images as a camera."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from sightline.cameras.folder import FolderSource, natural_key
from sightline.cameras.options import SourceOptions
from sightline.errors import InputError
from sightline.types import EncodedFrame

CORPUS = Path(__file__).parents[2] / "corpus" / "images" / "accepted"
START_US = 1_700_000_000_000_000


def source(folder: Path, **options: object) -> FolderSource:
    return FolderSource(folder, options=SourceOptions("hall", start_us=START_US, **{"paced": False, **options}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, picture in {
        "10.jpg": "baseline.jpg",
        "9.PNG": "rgb.png",
        "2.webp": "lossy.webp",
        "11.jpg": "baseline.jpg",
    }.items():
        (tmp_path / name).write_bytes((CORPUS / picture).read_bytes())
    for name in (".hidden.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"not a picture")
    return tmp_path


def test_bytes_go_out_unchanged_in_natural_order(folder: Path) -> None:
    frames = list(source(folder).frames())
    assert [frame.data for frame in frames] == [
        (folder / name).read_bytes() for name in ("2.webp", "9.PNG", "10.jpg", "11.jpg")
    ]
    assert [frame.content_type for frame in frames] == ["image/webp", "image/png", "image/jpeg", "image/jpeg"]


def times_ms(frames: list[EncodedFrame]) -> list[float]:
    return [(frame.captured_at_us - START_US) / 1000 for frame in frames]


def test_pictures_are_one_period_apart(folder: Path) -> None:
    assert times_ms(list(source(folder).frames())) == [0, 100, 200, 300]
    assert times_ms(list(source(folder, fps=0.5).frames())) == [0, 2000, 4000, 6000]


def test_equal_pictures_and_loops_have_ids_of_their_own_that_a_repetition_makes_again(folder: Path) -> None:
    frames = list(islice(source(folder, loop=True).frames(), 10))
    assert len({frame.frame_id for frame in frames}) == 10
    assert times_ms(frames) == [100 * index for index in range(10)]
    again = list(islice(source(folder, loop=True).frames(), 10))
    assert [frame.frame_id for frame in again] == [frame.frame_id for frame in frames]


def test_a_file_that_is_no_picture_is_published_for_the_stream_to_judge(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (frame,) = source(tmp_path).frames()
    assert (frame.content_type, frame.data) == ("application/octet-stream", b"no picture")


def test_an_empty_folder_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no image: put \.jpeg, \.jpg, \.png, \.webp files into it"):
        next(source(tmp_path).frames())


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        next(source(tmp_path / "gone").frames())


def test_close_ends_the_pictures(folder: Path) -> None:
    looping = source(folder, loop=True)
    frames = looping.frames()
    next(frames)
    looping.close()
    assert list(frames) == []
    assert looping.lost() == 0


def test_natural_order() -> None:
    names = ["b1.jpg", "a10.jpg", "A2.jpg", "1.jpg", "a2b3.jpg", "a2b10.jpg", "010.jpg", "9.jpg", "²3.jpg"]
    ordered = ["1.jpg", "9.jpg", "010.jpg", "A2.jpg", "a2b3.jpg", "a2b10.jpg", "a10.jpg", "b1.jpg", "²3.jpg"]
    assert sorted(names, key=natural_key) == ordered
