"""CUHK03 from a tiny ``cuhk-03.mat``, laid out as MATLAB v7.3 lays it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from sightline.errors import ConfigurationError
from training.data.readers.cuhk03 import Cuhk03Protocol, is_cuhk03, read_cuhk03

PEOPLE = (4, 3, 2)
"""Identities of each camera pair."""


def picture(boxes: int, pair: int, person: int, number: int) -> np.ndarray:
    """RGB (H, W, 3), told apart by its colours; not symmetric, so that a transposition shows."""
    image = np.full((9 + number, 5, 3), (boxes * 100 + pair, person, number), np.uint8)
    image[0, 0] = (255, 0, 7)
    return image


def cell(file: h5py.File, group: str, rows: list[list[Any]]) -> Any:
    """A MATLAB cell array of these rows, as HDF5 stores it: transposed references."""
    references = np.empty((len(rows[0]), len(rows)), h5py.ref_dtype)
    for row, items in enumerate(rows):
        for column, item in enumerate(items):
            name = f"#refs#/{group}_{row}_{column}"
            references[column, row] = item.ref if isinstance(item, h5py.Dataset) else file.create_dataset(name, data=item).ref
    return file.create_dataset(f"#refs#/{group}_cell", data=references, dtype=h5py.ref_dtype)


def person_row(boxes: int, pair: int, person: int) -> list[np.ndarray]:
    """Ten pictures, transposed; the second view of everybody lacks its last two: MATLAB's empty matrix is its size, 0 x 0."""
    shots = [picture(boxes, pair, person, number).T for number in range(1, 9)]
    return [*shots, np.zeros(2, np.uint64), np.zeros(2, np.uint64)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "cuhk03"
    where.mkdir()
    with h5py.File(where / "cuhk-03.mat", "w") as file:
        for boxes, name in enumerate(("detected", "labeled")):
            pairs = [
                [cell(file, f"{name}_{pair}", [person_row(boxes, pair, person) for person in range(1, count + 1)])]
                for pair, count in enumerate(PEOPLE, start=1)
            ]
            file[name] = cell(file, name, pairs)
        splits = [[np.array([[1, 2], [2, 3]], float).T], [np.array([[1, 1], [3, 2]], float).T]]
        file["testsets"] = cell(file, "testsets", splits)
    return where


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def classic(folder: Path, cache: Path, **values: Any):
    return read_cuhk03(folder, cache=cache, protocol=Cuhk03Protocol(kind="classic", **values))


def test_pictures_come_out_upright_and_in_their_colours(folder, cache):
    reid_set = classic(folder, cache, boxes="labeled")
    shown = next(each for each in reid_set.pictures if each.name == "2_001_2_07")
    np.testing.assert_array_equal(np.asarray(Image.open(shown.path)), picture(1, 2, 1, 7))


def test_the_classic_protocol_asks_one_view_for_the_other(folder, cache):
    reid_set = classic(folder, cache)
    assert len({each.pid for each in reid_set.train}) == 9 - 2
    assert {each.path.name[:5] for each in reid_set.query} == {"1_002", "2_003"}
    assert {each.camid for each in reid_set.query} == {1}
    assert {each.camid for each in reid_set.gallery} == {2}
    assert len(reid_set.query) == 2 * 5
    assert len(reid_set.gallery) == 2 * 3, "empty cells are no pictures"
    assert len(reid_set.train) == 7 * 8


def test_each_split_has_its_own_test_people(folder, cache):
    assert {each.path.name[:5] for each in classic(folder, cache, split=1).query} == {"1_001", "3_002"}
    with pytest.raises(ConfigurationError, match="expected 0 to 1, got 7"):
        classic(folder, cache, split=7)


def test_the_first_camera_pairs_alone(folder, cache):
    assert len({each.pid for each in classic(folder, cache, pairs=2).train}) == 7 - 2
    with pytest.raises(ConfigurationError, match="beyond the first 2"):
        classic(folder, cache, pairs=2, split=1)


def test_validation_people_are_neither_learnt_nor_tested(folder, cache):
    test = classic(folder, cache, validation_ids=3)
    validation = classic(folder, cache, validation_ids=3, held_out="validation")
    assert test.train == validation.train
    assert len({each.pid for each in test.train}) == 4
    groups = [{each.pid for each in part} for part in (test.train, test.query, validation.query)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 9
    with pytest.raises(ConfigurationError, match="validation_ids"):
        classic(folder, cache, held_out="validation")


@pytest.fixture
def new_config(folder: Path) -> Path:
    names = ["1_001_1_01.png", "1_001_2_06.png", "1_002_1_01.png", "1_002_2_06.png", "2_001_1_02.png"]
    values = {
        "filelist": np.array(names, dtype=object).reshape(-1, 1),
        "labels": np.array([[1, 1, 2, 2, 5]]).T,
        "train_idx": np.array([[1, 2, 5]]),
        "query_idx": np.array([[3]]).T,
        "gallery_idx": np.array([[4]]),
    }
    path = folder / "cuhk03_new_protocol_config_detected.mat"
    savemat(path, values)
    return path


def test_the_new_protocol_is_as_its_configuration_says(folder, cache, new_config):
    reid_set = read_cuhk03(folder, cache=cache)
    assert [(each.path.name, each.pid, each.camid) for each in reid_set.train] == [
        ("1_001_1_01.png", 1, 1), ("1_001_2_06.png", 1, 2), ("2_001_1_02.png", 5, 1)
    ]  # fmt: skip
    assert [(each.pid, each.camid) for each in reid_set.query + reid_set.gallery] == [(2, 1), (2, 2)]


def test_the_new_protocol_names_what_it_lacks(folder, cache, new_config):
    with pytest.raises(ConfigurationError, match=r"needs .*config_labeled.mat"):
        read_cuhk03(folder, cache=cache, protocol=Cuhk03Protocol(boxes="labeled"))
    savemat(new_config, {"filelist": np.array(["nobody.png"], dtype=object), "labels": [1], "train_idx": [1]})
    with pytest.raises(ConfigurationError, match="not the configuration"):
        read_cuhk03(folder, cache=cache)


def test_pictures_are_unpacked_once_and_also_from_the_release_folder(folder, cache):
    (folder / "cuhk03_release").mkdir()
    (folder / "cuhk-03.mat").rename(folder / "cuhk03_release" / "cuhk-03.mat")
    assert is_cuhk03(folder)
    told = []
    kind = Cuhk03Protocol(kind="classic")
    read_cuhk03(folder, cache=cache, protocol=kind, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (18, 18)
    told.clear()
    read_cuhk03(folder, cache=cache, protocol=kind, on_progress=lambda done, total: told.append((done, total)))
    assert told == []
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("content", [b"no HDF5 at all", None])
def test_another_file_is_refused_and_nothing_is_kept(tmp_path, cache, content):
    path = tmp_path / "cuhk-03.mat"
    if content is None:
        with h5py.File(path, "w") as file:
            file["detected"] = np.zeros((1, 5))
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"not CUHK03's cuhk-03\.mat"):
        read_cuhk03(tmp_path, cache=cache)
    assert list(cache.iterdir()) == []
