"""Key points and attributes: read, and joined to pictures by name."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import numpy as np
import pytest

from sightline.attribute_table import read_attributes
from sightline.attributes import ATTRIBUTES, MISSING
from sightline.errors import ConfigurationError
from sightline.keypoint_table import read_keypoints
from sightline.picture_names import without_suffix
from sightline.skeleton import JOINTS
from training.data.annotations import annotation, joined_attributes, joined_keypoints
from training.data.reading import StoredPicture
from training.data.records import Picture

MARKET_HEADER = (
    "pid,age,backpack,bag,clothes,down,downblack,downblue,downbrown,downgray,downgreen,downpink,downpurple,downwhite,"
    "downyellow,gender,hair,handbag,hat,up,upblack,upblue,upgray,upgreen,uppurple,upred,upwhite,upyellow"
)


def stored(name: str, pid: int = 1, size_wh: tuple[int, int] = (64, 128)) -> StoredPicture:
    return StoredPicture(Picture(Path(name), pid, 1), b"", size_wh)


def write_keypoints(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)
    return path


def test_pixels_are_their_middles_and_parts_of_the_picture(tmp_path):
    xy = np.zeros((2, 14, 2), np.float32)
    xy[0, 4], xy[1, 0] = (31, 63), (63, 127)
    table = read_keypoints(write_keypoints(tmp_path / "k.npz", name=["a.jpg", "b.jpg"], xy=xy))
    joined = table.of(["b", "nobody", "a"], [(64, 128), (64, 128), (128, 128)])
    assert joined.shape == (3, 19, 3)
    np.testing.assert_allclose(joined[0, 0], [63.5 / 64, 127.5 / 128, 1])
    np.testing.assert_allclose(joined[2, JOINTS.index("right_wrist")], [31.5 / 128, 63.5 / 128, 1])
    assert (joined[1] == 0).all()
    assert (joined[0, 1:] == 0).all(), "(0, 0) is invisible where no confidence is given, and the face is not in the file"


def test_joints_by_name_with_confidence_and_in_parts_of_the_picture(tmp_path):
    names = ["left_ankle", "nose"]
    xy = np.array([[[0.25, 0.75], [0.5, 1.5]]], np.float32)
    arrays = {"name": ["x"], "xy": xy, "joints": names, "confidence": [[0.3, 0.9]], "unit": "picture"}
    joined = read_keypoints(write_keypoints(tmp_path / "k.npz", **arrays)).of(["x"], [(10, 10)])
    np.testing.assert_allclose(joined[0, JOINTS.index("left_ankle")], [0.25, 0.75, 0.3])
    assert (joined[0, JOINTS.index("nose")] == 0).all(), "outside the picture"


def test_no_number_is_not_seen(tmp_path):
    xy = np.full((1, 1, 2), np.nan, np.float32)
    assert (read_keypoints(write_keypoints(tmp_path / "k.npz", name=["x"], xy=xy)).of(["x"], [(9, 9)]) == 0).all()


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"xy": np.zeros((1, 14, 2))}, "name"),
        ({"name": ["a"], "xy": np.zeros((2, 14, 2))}, r"1 names and xy \(2, 14, 2\)"),
        ({"name": ["a", "a.jpg"], "xy": np.zeros((2, 14, 2))}, "1 names are there twice"),
        ({"name": ["a"], "xy": np.zeros((1, 20, 2))}, r"\(1, 20, 2\)"),
        ({"name": ["a"], "xy": np.zeros((1, 1, 2)), "joints": ["tail"]}, "got tail"),
        ({"name": ["a"], "xy": np.zeros((1, 1, 2)), "unit": "inch"}, "pixel or picture, got 'inch'"),
        ({"name": np.array([object()]), "xy": np.zeros((1, 1, 2))}, "Object arrays"),
    ],
)
def test_bad_key_points_are_refused(tmp_path, arrays, says):
    with pytest.raises(ConfigurationError, match=says):
        read_keypoints(write_keypoints(tmp_path / "k.npz", **arrays))


def npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 nor this", npy()])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "k.npz").write_bytes(content)
    with pytest.raises(ConfigurationError, match="expected a numpy archive"):
        read_keypoints(tmp_path / "k.npz")


def market_row(pid: str, **cells: str) -> str:
    values = dict.fromkeys(MARKET_HEADER.split(","), "1") | {"pid": pid} | cells
    return ",".join(values.values())


def test_market_1501s_columns_become_twelve_attributes(tmp_path):
    path = tmp_path / "attributes.csv"
    rows = [
        market_row("7", age="2", down="2", hat="2", upwhite="2", downbrown="2"),
        market_row("0010", age="4", gender="2", upred="2", upblue="2"),
        market_row("11", age="", gender="0"),
    ]
    path.write_text("\n".join([MARKET_HEADER, *rows]))
    table = read_attributes(path)
    assert table.values == ATTRIBUTES
    labels = table.of([Picture(Path("a"), pid, 1) for pid in (7, 10, 11, 99)])
    assert labels.dtype == np.int64

    def said(row: int) -> dict[str, str | None]:
        pairs = zip(table.values.items(), labels[row].tolist(), strict=True)
        return {name: None if label == MISSING else values[label] for (name, values), label in pairs}

    assert said(0) == {
        "gender": "male", "hair": "short", "sleeve": "long", "lower_length": "short", "lower_type": "dress", "hat": "yes",
        "backpack": "no", "bag": "no", "handbag": "no", "age": "teenager", "upper_colour": "white", "lower_colour": "brown",
    }  # fmt: skip
    assert (said(1)["gender"], said(1)["age"], said(1)["upper_colour"]) == ("female", "old", "other")
    assert said(1)["lower_colour"] == "other", "none of the named colours"
    assert (said(2)["age"], said(2)["gender"], said(2)["hat"]) == (None, None, "no")
    assert set(said(3).values()) == {None}


def test_no_word_of_a_colour_is_not_known(tmp_path):
    path = tmp_path / "attributes.csv"
    blank = {name: "" for name in MARKET_HEADER.split(",") if name.startswith("up") and name != "up"}
    path.write_text(f"{MARKET_HEADER}\n{market_row('7', **blank)}\n")
    labels = read_attributes(path).of([Picture(Path("a"), 7, 1)])
    assert labels[0, list(ATTRIBUTES).index("upper_colour")] == MISSING


def test_attributes_in_words_by_picture(tmp_path):
    path = tmp_path / "attributes.csv"
    path.write_text("name,gender,uniform,age\nb.jpg,female,guard,\na.jpg,male,,adult\n")
    table = read_attributes(path)
    assert table.values == {"gender": ("male", "female"), "uniform": ("guard",), "age": ATTRIBUTES["age"]}
    labels = table.of([Picture(Path("x/a.jpg"), 1, 1), Picture(Path("x/b.jpg"), 1, 1)])
    assert labels.tolist() == [[0, MISSING, 2], [1, 0, MISSING]]


def test_values_of_ones_own_are_in_the_alphabets_order(tmp_path):
    path = tmp_path / "attributes.csv"
    path.write_text("pid,gender\n1,x\n2,female\n3,\n")
    assert read_attributes(path).values == {"gender": ("female", "x")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("person,hat\n1,yes\n", "expected a column pid or name"),
        ("pid\n1\n", "one for each attribute"),
        ("", "expected a column pid or name"),
        ("pid,hat\n1,yes\n01,no\n", "two rows for 1"),
        ("pid,hat\n1,yes,extra\n", "expected 2 cells in every row"),
        (f"{MARKET_HEADER}\n{market_row('7', age='5')}\n", "pid 7: expected 1 to 4 in the column age, got '5'"),
    ],
)
def test_bad_attributes_are_refused(tmp_path, text, says):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        read_attributes(tmp_path / "a.csv")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"attributes .*a\.csv cannot be read"):
        read_attributes(tmp_path / "a.csv")


def test_the_given_file_counts_else_the_first_beside_the_data(tmp_path):
    (tmp_path / "beside").mkdir()
    for where in (tmp_path, tmp_path / "beside"):
        (where / "a.csv").write_text(f"pid,{'own' if where == tmp_path else 'beside'}\n1,x\n")
    places = (tmp_path / "nowhere", tmp_path / "beside", tmp_path)
    assert list(annotation(read_attributes, None, "a.csv", places).values) == ["beside"]
    assert list(annotation(read_attributes, tmp_path / "a.csv", "a.csv", places).values) == ["own"]
    assert annotation(read_attributes, None, "b.csv", places) is None


def test_a_table_of_another_set_is_refused_where_it_was_asked_for_and_left_where_it_was_found(tmp_path, caplog):
    keypoints = read_keypoints(write_keypoints(tmp_path / "k.npz", name=["a"], xy=np.ones((1, 14, 2), np.float32)))
    (tmp_path / "a.csv").write_text("pid,hat\n1,yes\n")
    attributes = read_attributes(tmp_path / "a.csv")
    with caplog.at_level(logging.INFO):
        assert joined_keypoints(keypoints, [stored("z.jpg")], required=False) is None
        assert joined_attributes(attributes, [stored("z.jpg", pid=9)], required=False) is None
    assert "knows none of the pictures" in caplog.text
    with pytest.raises(ConfigurationError, match="is it of another data set"):
        joined_keypoints(keypoints, [stored("z.jpg")], required=True)
    with pytest.raises(ConfigurationError, match="is it of another data set"):
        joined_attributes(attributes, [stored("z.jpg", pid=9)], required=True)
    assert joined_attributes(attributes, [stored("z.jpg", pid=1), stored("y.jpg", pid=2)], required=True).tolist() == [
        [1],
        [MISSING],
    ]


@pytest.mark.parametrize(
    ("name", "known_as"), [("a.jpg", "a"), (" b.PNG ", "b"), ("c.v2", "c.v2"), ("d/e.webp", "d/e"), ("f", "f")]
)
def test_names_lose_the_ending_of_a_picture_alone(name, known_as):
    assert without_suffix(name) == known_as
