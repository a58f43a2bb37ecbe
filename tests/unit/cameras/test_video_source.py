"""A video file as a camera: times, ids, rates, loops, rotation, damage."""

from __future__ import annotations

import wave
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from sightline.cameras.options import SourceOptions
from sightline.cameras.video import VideoSource, file_fingerprint
from sightline.decoding import ImageLimits, decode_image
from sightline.errors import InputError
from sightline.types import EncodedFrame

START_US = 1_700_000_000_000_000
LIMITS = ImageLimits(1 << 20, 1 << 20, 1 << 12)
WriteVideo = Callable[..., Path]


def source(path: Path, **options: object) -> VideoSource:
    return VideoSource(path, options=SourceOptions("door", start_us=START_US, **{"paced": False, **options}))


def pixels(frame: EncodedFrame) -> np.ndarray:
    return decode_image(frame.data, content_type=frame.content_type, limits=LIMITS)


def times_ms(frames: list[EncodedFrame]) -> list[int]:
    return [(frame.captured_at_us - START_US) // 1000 for frame in frames]


def test_every_picture_comes_in_order_with_the_containers_time(write_video: WriteVideo) -> None:
    frames = list(source(write_video()).frames())
    assert times_ms(frames) == [0, 100, 200, 300, 400, 500]
    assert {(frame.camera, frame.content_type) for frame in frames} == {("door", "image/jpeg")}
    shades = [int(pixels(frame)[40, 60].mean()) for frame in frames]
    np.testing.assert_allclose(shades, [20, 60, 100, 140, 180, 220], atol=4)


def test_uneven_times_are_kept(write_video: WriteVideo) -> None:
    frames = list(source(write_video(times_ms=[0, 40, 200, 210, 900])).frames())
    assert times_ms(frames) == [0, 40, 200, 210, 900]


def test_a_lower_rate_takes_evenly_spaced_pictures_and_keeps_their_ids(write_video: WriteVideo) -> None:
    path = write_video(times_ms=[100 * index for index in range(20)])
    every = list(source(path).frames())
    some = list(source(path, fps=5).frames())
    assert times_ms(some) == [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800]
    assert [frame.frame_id for frame in some] == [frame.frame_id for frame in every][::2]


def test_the_same_publish_makes_the_same_ids_and_another_start_or_file_new_ones(write_video: WriteVideo) -> None:
    path = write_video()
    first = {frame.frame_id for frame in source(path).frames()}
    assert first == {frame.frame_id for frame in source(path).frames()}
    later = VideoSource(path, options=SourceOptions("door", start_us=START_US + 1, paced=False))
    other = write_video("other.mp4", times_ms=[0, 100, 200])
    assert len(first) == 6
    assert first.isdisjoint(frame.frame_id for frame in later.frames())
    assert first.isdisjoint(frame.frame_id for frame in source(other).frames())


def test_a_loop_has_new_ids_and_its_times_go_on(write_video: WriteVideo) -> None:
    frames = list(islice(source(write_video(), loop=True).frames(), 15))
    assert times_ms(frames) == [100 * index for index in range(15)]
    assert len({frame.frame_id for frame in frames}) == 15


def test_the_quality_is_that_asked_for(write_video: WriteVideo) -> None:
    path = write_video()
    low, high = (next(source(path, jpeg_quality=quality).frames()) for quality in (20, 95))
    assert len(low.data) < len(high.data)


def test_the_containers_rotation_is_applied(write_video: WriteVideo) -> None:
    data = bytearray(write_video().read_bytes())
    one = (1 << 16).to_bytes(4, "big", signed=True)
    matrix = data.index(b"tkhd") + 44
    assert data[matrix : matrix + 4] == one
    # the display matrix of a quarter turn clockwise, as phones write it: (x, y) -> (-y, x)
    data[matrix : matrix + 20] = bytes(4) + one + bytes(4) + (-1 << 16).to_bytes(4, "big", signed=True) + bytes(4)
    turned = pixels(next(source(write_turned(data, write_video)).frames()))
    assert turned.shape == (64, 48, 3)
    red = turned[:, :, 0].astype(int) - turned[:, :, 1] > 100
    assert red[4:28, 28:44].all()  # the left upper quarter has become the right upper one
    assert not red[:, :20].any()
    assert not red[36:].any()


def write_turned(data: bytearray, write_video: WriteVideo) -> Path:
    path = write_video("turned.mp4")
    path.write_bytes(data)
    return path


def test_damaged_packets_are_counted_and_the_rest_comes(write_video: WriteVideo) -> None:
    path = write_video(times_ms=[100 * index for index in range(60)])
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + len(data) // 3
    data[start : start + 600] = bytes(600)
    path.write_bytes(data)
    damaged = source(path)
    frames = list(damaged.frames())
    assert 0 < damaged.lost() < 60
    assert len(frames) >= 60 - damaged.lost()


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_a_file_that_is_no_video_is_named_with_the_next_step(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"notes\.mp4 .*give a file that FFmpeg can play"):
        next(source(path).frames())


def test_a_video_of_which_nothing_can_be_decoded_is_refused_even_in_a_loop(write_video: WriteVideo) -> None:
    path = write_video()
    data = bytearray(path.read_bytes())
    media = data.index(b"mdat") + 4
    size = int.from_bytes(data[media - 8 : media - 4], "big") - 8
    data[media : media + size] = bytes(size)
    path.write_bytes(data)
    with pytest.raises(InputError, match="holds no picture that can be decoded"):
        next(source(path, loop=True).frames())


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1600))
    with pytest.raises(InputError, match="there is no picture stream in it"):
        next(source(path).frames())


def test_close_ends_the_pictures(write_video: WriteVideo) -> None:
    looping = source(write_video(), loop=True)
    frames = looping.frames()
    next(frames)
    looping.close()
    looping.close()
    assert list(frames) == []


def test_the_fingerprint_sees_the_start_the_end_and_the_size(tmp_path: Path) -> None:
    def fingerprint(data: bytes) -> str:
        path = tmp_path / "file"
        path.write_bytes(data)
        return file_fingerprint(path)

    whole = bytes(3 << 20)
    assert fingerprint(whole) == fingerprint(whole)
    others = (whole + b"\0", b"\1" + whole[1:], whole[:-1] + b"\1")
    assert len({fingerprint(data) for data in (whole, *others)}) == 4


@pytest.mark.shared
def test_a_real_video_comes_whole(shared_dir: Path) -> None:
    video = source(shared_dir / "data" / "video" / "room_camera_b.mp4")
    frames = list(video.frames())
    assert len(frames) == 98
    assert video.lost() == 0
    assert pixels(frames[0]).shape == (480, 854, 3)
