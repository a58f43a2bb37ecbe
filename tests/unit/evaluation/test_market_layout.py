"""Names of labelled pictures, and what is said of folders that are not in the layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.labelled_people import write_people

from sightline.errors import ConfigurationError
from sightline.evaluation.market_layout import labels, read_market_layout


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return write_people(tmp_path / "people")


def test_names_say_who_and_where(people: Path) -> None:
    folder = read_market_layout(people)

    assert folder.name == "people"
    assert [(p.pid, p.camid) for p in folder.query] == [(1, 1), (2, 1), (3, 1), (4, 1)]
    pids, camids = labels(folder.gallery)
    assert sorted(set(pids.tolist())) == [-1, 0, 1, 2, 3, 4]
    assert set(camids[pids == -1].tolist()) == {2}
    assert folder.multi_query == ()


def test_other_sets_of_the_layout_and_files_that_are_no_pictures(people: Path) -> None:
    shutil.copy(people / "query" / "0001_c1s1_000001_00.png", people / "query" / "00172_c12_f0046182.PNG")
    (people / "query" / "Thumbs.db").write_text("")
    (people / "query" / "._0001_c1s1_000001_00.png").write_text("")
    newest = {(picture.pid, picture.camid) for picture in read_market_layout(people).query}

    assert newest == {(1, 1), (2, 1), (3, 1), (4, 1), (172, 12)}


def test_pictures_for_multi_query(people: Path) -> None:
    shutil.copytree(people / "query", people / "gt_bbox")

    assert len(read_market_layout(people).multi_query) == 4


def remove(people: Path) -> Path:
    return people / "nowhere"


def without_query(people: Path) -> Path:
    shutil.rmtree(people / "query")
    return people


def one_folder_up(people: Path) -> Path:
    return people.parent


def empty_query(people: Path) -> Path:
    shutil.rmtree(people / "query")
    (people / "query").mkdir()
    return people


def strange_names(people: Path) -> Path:
    for number in range(5):
        shutil.copy(people / "query" / "0001_c1s1_000001_00.png", people / "query" / f"me{number}.png")
    return people


def doubled_names(people: Path) -> Path:
    shutil.copy(people / "query" / "0001_c1s1_000001_00.png", people / "bounding_box_test" / "0001_c1s1_000001_00.jpg")
    return people


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (remove, ["no folder", "query/"]),
        (without_query, ["Market-1501 layout", "no query"]),
        (one_folder_up, ["no query and no bounding_box_test", "did you mean", "people"]),
        (empty_query, ["no pictures", ".jpg"]),
        (strange_names, ["0002_c1s1_000451_03.jpg", "me0.png", "2 more"]),
        (doubled_names, ["names must differ", "query/0001_c1s1_000001_00.png", "bounding_box_test/0001_c1s1_000001_00.jpg"]),
    ],
)
def test_what_is_wrong_is_named(people: Path, break_it, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_market_layout(break_it(people))
    for word in words:
        assert word in str(caught.value)
