"""Readers of labelled frames: both layouts, and what is said where they are broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.errors import ConfigurationError
from sightline.evaluation.detection.frames import LabelledFrame
from sightline.evaluation.detection.layouts import is_detection_set, read_detection_set

TABLE = "split,frame,cx,cy,w,h\n"


def picture(path: Path, size_wh: tuple[int, int] = (40, 20)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size_wh, (90, 120, 30)).save(path)


def box_table(folder: Path, rows: str) -> Path:
    for name in ("train/1.jpg", "train/2.jpg", "val/3.jpg"):
        picture(folder / name)
    (folder / "boxes.csv").write_text(TABLE + rows)
    return folder


def camera(folder: Path, rows: str, frames: int = 5) -> Path:
    for number in range(frames):
        picture(folder / "frames" / f"c6_{number}.jpg")
    (folder / "ground_truth.csv").write_text("frame,x,y,w,h,pid\n" + rows)
    return folder


def test_a_frame_without_people_has_no_box(tmp_path: Path) -> None:
    read = read_detection_set(box_table(tmp_path / "set", "train,1.jpg,,,,\nval,3.jpg,0.5,0.5,1,1\n"))
    (empty,) = read.train
    assert empty.boxes.shape == (0, 4)
    assert empty.boxes_of((20, 40)).shape == (0, 4)


def test_a_box_table_has_boxes_as_parts_of_the_frame(tmp_path: Path) -> None:
    rows = "train,1.jpg,0.5,0.5,0.2,0.4\ntrain,1.jpg,0.05,0.5,0.2,1\ntrain,2.jpg,,,,\nval,3.jpg,0.5,0.5,1,1\n"
    read = read_detection_set(box_table(tmp_path / "set", rows))
    assert (read.name, len(read.train), len(read.val)) == ("set", 2, 1)
    first = read.train[0]
    assert first.path.name == "1.jpg"
    np.testing.assert_allclose(first.boxes, [[0.4, 0.3, 0.6, 0.7], [0, 0, 0.15, 1]], atol=1e-6)  # cut to the frame
    np.testing.assert_allclose(first.boxes_of((20, 40))[0], [16, 6, 24, 14], atol=1e-5)


def test_a_camera_is_split_in_the_middle_of_its_time(tmp_path: Path) -> None:
    read = read_detection_set(camera(tmp_path / "camera6", "c6_0.jpg,10,5,20,10,-1\nc6_4.jpg,0,0,40,20,7\n"))
    assert [frame.path.name for frame in read.train] == ["c6_0.jpg", "c6_1.jpg"]
    assert [frame.path.name for frame in read.val] == ["c6_2.jpg", "c6_3.jpg", "c6_4.jpg"]
    np.testing.assert_allclose(read.train[0].boxes, [[0.25, 0.25, 0.75, 0.75]])  # pid -1 is a person too
    assert read.train[1].boxes.shape == (0, 4)


def test_the_set_may_lie_in_a_folder(tmp_path: Path) -> None:
    box_table(tmp_path / "made-up" / "detection", "train,1.jpg,,,,\n")
    picture(tmp_path / "made-up" / "query" / "0001_c1.jpg")
    assert read_detection_set(tmp_path / "made-up").name == "detection"
    assert is_detection_set(tmp_path / "made-up")
    assert not is_detection_set(tmp_path / "made-up" / "query")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("train,9.jpg,0.5,0.5,1,1\n", r"9\.jpg is named by boxes\.csv and is not there"),
        ("train,1.jpg,0.5,0.5,1\n", r"line 2: expected four numbers or none, got 0\.5, 0\.5, 1, $"),
        ("train,1.jpg,0.5,0.5,1,wide\n", "line 2: expected four numbers or none"),
        ("test,1.jpg,0.5,0.5,1,1\n", "line 2: expected the split train or val, got 'test'"),
        ("train,1.jpg,120,80,30,60\n", "line 2: expected a box in parts of the frame's sides"),
        ("train,1.jpg,0.5,0.5,0,1\n", "line 2: expected a box in parts of the frame's sides"),
    ],
)
def test_a_broken_box_table_is_named(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_detection_set(box_table(tmp_path, rows))


def test_other_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no folder"):
        read_detection_set(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="no set of labelled frames; expected\n  train/"):
        read_detection_set(tmp_path)
    with pytest.raises(ConfigurationError, match=r"c6_9\.jpg is named"):
        read_detection_set(camera(tmp_path / "a", "c6_9.jpg,1,1,2,2,1\n"))
    with pytest.raises(ConfigurationError, match="line 2: expected four numbers"):
        read_detection_set(camera(tmp_path / "b", "c6_1.jpg,1,1,two,2,1\n"))
    with pytest.raises(ConfigurationError, match="holds several sets: name one of"):
        read_detection_set(tmp_path)
    (tmp_path / "a" / "ground_truth.csv").write_text("frame,x,y,w\n")
    with pytest.raises(ConfigurationError, match="has no column 'h'"):
        read_detection_set(tmp_path / "a")
    broken = camera(tmp_path / "c", "")
    (broken / "frames" / "c6_3.jpg").write_bytes(b"\x00" * 32)
    with pytest.raises(ConfigurationError, match=r"c6_3\.jpg is no picture"):
        read_detection_set(broken)


def test_boxes_of_another_form_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected float32 \(B, 4\), got float64"):
        LabelledFrame(Path("1.jpg"), np.zeros((1, 4)))
