"""Readers of Market-1501, DukeMTMC-reID, MSMT17 and CUHK01."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.errors import ConfigurationError
from training.data.readers.cuhk01 import read_cuhk01
from training.data.readers.dukemtmc import is_dukemtmc, read_dukemtmc
from training.data.readers.market1501 import is_market1501, read_market1501
from training.data.readers.msmt17 import read_msmt17
from training.data.records import Picture, ReidSet, checked


def who(pictures: tuple[Picture, ...]) -> list[tuple[int, int]]:
    return [(picture.pid, picture.camid) for picture in pictures]


def test_market1501(market):
    reid_set = read_market1501(market)
    assert who(reid_set.train) == [(2, 1), (2, 2), (7, 3)]
    assert who(reid_set.query) == [(3, 1)]
    assert sorted(who(reid_set.gallery)) == [(-1, 1), (0, 3), (3, 1), (3, 2)]
    assert reid_set.train[0].name == "0002_c1s1_000451_03"
    assert reid_set.name == "Tiny-1501"


def test_junk_and_distractors_among_the_training_pictures_are_not_learnt(market, draw):
    draw(market / "bounding_box_train" / "0000_c1s1_000001_00.jpg")
    draw(market / "bounding_box_train" / "-1_c1s1_000001_01.jpg")
    assert who(read_market1501(market).train) == [(2, 1), (2, 2), (7, 3)]


def test_a_missing_folder_is_named(market):
    (market / "query").rename(market / "queries")
    with pytest.raises(ConfigurationError, match=r"there is no folder .*query"):
        read_market1501(market)


def test_another_name_is_shown_beside_the_expected(market, draw):
    draw(market / "query" / "holiday.jpg")
    with pytest.raises(ConfigurationError, match=r"expected names such as 0002_c1s1_000451_03.jpg .* got holiday.jpg"):
        read_market1501(market)


def test_two_pictures_of_one_name_are_refused(market, draw):
    draw(market / "query" / "0002_c1s1_000451_03.png")
    with pytest.raises(ConfigurationError, match=r"1 names stand for several pictures .*bounding_box_train.*query"):
        read_market1501(market)


def test_an_empty_training_folder_is_refused(market):
    for path in (market / "bounding_box_train").iterdir():
        path.unlink()
    with pytest.raises(ConfigurationError, match="no training picture"):
        read_market1501(market)


def test_a_reader_that_gave_junk_to_learn_from_is_caught():
    with pytest.raises(ConfigurationError, match="junk"):
        checked(ReidSet("x", (Picture(Path("a.jpg"), -1, 1),), (), ()))


def test_foreign_metadata_files_do_not_count(market):
    (market / "bounding_box_train" / "._0002_c1s1_000451_03.jpg").write_bytes(b"\0")
    assert len(read_market1501(market).train) == 3


@pytest.fixture
def duke(tmp_path, draw):
    folder = tmp_path / "DukeMTMC-reID"
    for name in ("0001_c2_f0046182.jpg", "0001_c3_f0046302.jpg"):
        draw(folder / "bounding_box_train" / name)
    draw(folder / "query" / "0005_c2_f0046985.jpg")
    draw(folder / "bounding_box_test" / "0005_c8_f0051341.jpg")
    return folder


def test_dukemtmc(duke, market):
    reid_set = read_dukemtmc(duke)
    assert who(reid_set.train) == [(1, 2), (1, 3)]
    assert who(reid_set.gallery) == [(5, 8)]
    assert is_dukemtmc(duke)
    assert not is_dukemtmc(market)
    assert is_market1501(market)


@pytest.fixture
def msmt(tmp_path, draw):
    folder = tmp_path / "MSMT17_V1"
    listed = {
        "list_train.txt": ("train", ["0000/0000_000_01_0303morning_0015_0.jpg 0", "0001/0001_000_14_0303noon_0015_0.jpg 1"]),
        "list_val.txt": ("train", ["0000/0000_001_05_0303morning_0016_0.jpg 0"]),
        "list_query.txt": ("test", ["0000/0000_000_01_0303morning_0015_0.jpg 0"]),
        "list_gallery.txt": ("test", ["0000/0000_009_07_0303noon_0033_1.jpg 0"]),
    }
    for name, (part, lines) in listed.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("\n".join(lines) + "\n")
        for line in lines:
            draw(folder / part / line.split(" ")[0])
    return folder


def test_msmt17_numbers_its_people_from_one_as_zero_is_a_distractor(msmt):
    reid_set = read_msmt17(msmt)
    assert who(reid_set.train) == [(1, 1), (2, 14)]
    assert who(reid_set.query) == [(1, 1)]
    assert who(reid_set.gallery) == [(1, 7)]
    assert who(read_msmt17(msmt, with_validation=True).train) == [(1, 1), (2, 14), (1, 5)]


def test_msmt17s_training_and_test_people_are_others_even_under_one_name(msmt):
    names = [picture.name for picture in read_msmt17(msmt).pictures]
    assert names[0] == "train/0000/0000_000_01_0303morning_0015_0"
    assert names[2] == "test/0000/0000_000_01_0303morning_0015_0"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("0000_nothing.jpg 0", r"list_query.txt, line 1: expected '0000/0000_000_01"),
        ("0000/0000_000_01_x.jpg", r"line 1: expected"),
        ("../../etc/a_b_1_c.jpg 0", r"there is no picture"),
        ("0000/0000_000_03_gone.jpg 0", r"there is no picture"),
    ],
)
def test_msmt17_names_the_bad_line(msmt, line, says):
    (msmt / "list_query.txt").write_text(line + "\n")
    with pytest.raises(ConfigurationError, match=says):
        read_msmt17(msmt)


def test_msmt17_without_its_folders_says_what_is_there(msmt):
    (msmt / "test").rename(msmt / "elsewhere")
    with pytest.raises(ConfigurationError, match=r"expected train/ and test/ or mask_train_v2/.*found .*elsewhere/"):
        read_msmt17(msmt)


@pytest.fixture
def cuhk01(tmp_path, draw):
    folder = tmp_path / "CUHK01"
    for pid in range(1, 11):
        for shot in range(1, 5):
            draw(folder / "campus" / f"{pid:04d}{shot:03d}.png", size_wh=(6, 16))
    return folder


def test_cuhk01_is_split_by_a_number(cuhk01):
    first, again, other = (read_cuhk01(cuhk01, test_ids=4, split=split) for split in (0, 0, 1))
    assert first == again
    assert first.query != other.query
    assert len(first.train) == 6 * 4
    assert {picture.camid for picture in first.query} == {1}
    assert {picture.camid for picture in first.gallery} == {2}
    test_ids = {picture.pid for picture in first.query}
    assert len(test_ids) == 4
    assert not test_ids & {picture.pid for picture in first.train}
    assert len(first.gallery) == len(first.query) == 8


def test_cuhk01_needs_people_to_learn_from(cuhk01, draw):
    with pytest.raises(ConfigurationError, match="10 in all"):
        read_cuhk01(cuhk01)
    draw(cuhk01 / "campus" / "0001005.png")
    with pytest.raises(ConfigurationError, match=r"got 0001005\.png"):
        read_cuhk01(cuhk01, test_ids=4)
