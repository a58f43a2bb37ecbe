"""Folders that anyone can make, crops of the stream, and how sets without a split are split."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.parquet import ParquetCropTable
from sightline.errors import ConfigurationError
from sightline.exported_crop import TABLE, ExportedCrop
from sightline.skeleton import JOINTS
from training.data.readers.identity_folders import is_identity_folders, read_identity_folders
from training.data.readers.stream_crops import read_stream_crops, read_stream_keypoints
from training.data.records import Picture
from training.data.splitting import split_by_identity

sightings = st.lists(st.tuples(st.integers(-1, 8), st.integers(1, 3)), min_size=1, max_size=40)


@given(seen=sightings, test_part=st.floats(0, 0.9), split=st.integers(0, 3))
def test_nobody_who_is_looked_for_was_learnt_and_every_query_has_an_answer(seen, test_part, split):
    pictures = [Picture(Path(f"{index}.jpg"), pid, camid) for index, (pid, camid) in enumerate(seen)]
    reid_set = split_by_identity("set", pictures, test_part=test_part, split=split)
    learnt = {each.pid for each in reid_set.train}
    asked = {each.pid for each in reid_set.query}
    people = {pid for pid, _ in seen if pid > 0}
    assert not learnt & asked
    assert learnt | asked == people
    assert not people or learnt, "somebody is left to learn from"
    for query in reid_set.query:
        assert any(each.pid == query.pid and each.camid != query.camid for each in reid_set.gallery)
    assert len(set(reid_set.pictures)) == len(reid_set.pictures)
    if asked:
        assert len(reid_set.pictures) == sum(pid >= 0 for pid, _ in seen), "all but junk is somewhere"
    assert reid_set == split_by_identity("set", pictures, test_part=test_part, split=split)


def test_a_split_that_leaves_nobody_is_refused():
    with pytest.raises(ConfigurationError, match="test_part"):
        split_by_identity("set", [], test_part=1.0)


@pytest.fixture
def people(tmp_path, draw):
    folder = tmp_path / "people"
    for name in ("anna", "bo", "cleo", "0042"):
        for camera in ("hall", "c3"):
            for number in range(3):
                draw(folder / name / f"{camera}_{number:03d}.jpg", size_wh=(8, 16))
    draw(folder / "distractors" / "hall_000.png", size_wh=(8, 16))
    return folder


def test_a_folder_for_each_person(people):
    reid_set = read_identity_folders(people, test_part=0.5)
    assert {each.pid for each in reid_set.train} | {each.pid for each in reid_set.query} == {1, 2, 3, 4}
    assert len({each.pid for each in reid_set.query}) == 2
    assert [each.pid for each in reid_set.gallery if each.pid == 0] == [0]
    by_name = {each.name: each for each in reid_set.pictures}
    assert by_name["anna/c3_001"].camid == 1
    assert by_name["anna/hall_001"].camid == 2
    assert by_name["0042/hall_001"].pid == 1


def test_its_makers_own_split_counts(tmp_path, draw):
    for part, name in (("train", "anna"), ("query", "bo"), ("gallery", "bo"), ("gallery", "distractors")):
        draw(tmp_path / part / name / f"{'hall' if part == 'query' else 'c3'}_1.jpg")
    reid_set = read_identity_folders(tmp_path)
    assert is_identity_folders(tmp_path)
    assert [(each.pid, each.camid) for each in reid_set.query] == [(2, 2)]
    assert [(each.pid, each.camid) for each in reid_set.gallery] == [(2, 1), (0, 1)]
    assert [each.pid for each in reid_set.train] == [1]


def test_half_a_split_is_refused(tmp_path, draw):
    draw(tmp_path / "train" / "anna" / "c3_1.jpg")
    draw(tmp_path / "query" / "bo" / "c3_1.jpg")
    with pytest.raises(ConfigurationError, match="expected train/, query/, gallery/, found query/, train/"):
        read_identity_folders(tmp_path)


def test_a_name_without_a_camera_is_shown(people, draw):
    draw(people / "anna" / "holiday.jpg")
    with pytest.raises(ConfigurationError, match=r"anna: expected names such as entrance_0001\.jpg .* got holiday\.jpg"):
        read_identity_folders(people)


def test_nobody_in_two_cameras_is_all_for_training(tmp_path, draw, caplog):
    for name in ("anna", "bo"):
        draw(tmp_path / name / "hall_1.jpg")
    with caplog.at_level(logging.WARNING):
        reid_set = read_identity_folders(tmp_path)
    assert len(reid_set.train) == 2
    assert reid_set.query == reid_set.gallery == ()
    assert "all 2 are for training" in caplog.text


def export(folder: Path, rows: list[tuple[str, str]], draw, keypoints=None) -> Path:
    """Rows of (identity, camera), as ``sightline export-crops`` writes them."""
    crops = []
    for index, (identity, camera) in enumerate(rows):
        crop = f"crops/{camera}/s{index}.jpg"
        draw(folder / crop, size_wh=(40, 90))
        crops.append(
            ExportedCrop(
                f"s{index}", identity, camera, "f", 5, f"{camera}/t{index}", crop, (4.0, 9.0, 32.0, 70.0), 0.9, 0.8, keypoints
            )
        )
    ParquetCropTable().write(folder / TABLE, crops)
    return folder


def test_crops_of_the_stream(tmp_path, draw):
    rows = [("anna", "hall"), ("anna", "hall"), ("anna", "door"), ("hall/t3", "hall"), ("hall/t3", "hall"), ("once", "door")]
    reid_set = read_stream_crops(export(tmp_path, rows, draw), test_part=0.5)
    assert {each.pid for each in reid_set.query} == {1}
    assert {each.camid for each in reid_set.query + reid_set.gallery} == {1, 2}
    assert [(each.pid, each.name) for each in reid_set.train] == [(2, "s3"), (2, "s4")]
    assert reid_set.train[0].box_xywh == (4.0, 9.0, 32.0, 70.0)
    assert {each.pid for each in read_stream_crops(tmp_path, test_part=0.0, min_pictures=1).train} == {1, 2, 3}


def test_tracks_of_one_picture_alone_are_no_set(tmp_path, draw):
    with pytest.raises(ConfigurationError, match="no identity has 2 pictures; it holds 1 in all"):
        read_stream_crops(export(tmp_path, [("a", "hall")], draw))


def test_key_points_of_the_stream_are_of_its_boxes(tmp_path, draw):
    joints = np.random.default_rng(0).random((len(JOINTS), 3)).astype(np.float32)
    table = read_stream_keypoints(export(tmp_path, [("a", "hall")], draw, keypoints=joints))
    np.testing.assert_allclose(table.of(["s0"], [(32, 70)])[0], joints)
    other = tmp_path / "other"
    assert read_stream_keypoints(export(other, [("a", "hall")], draw, keypoints=joints[:17])) is None


def test_a_broken_export_says_how_to_make_it_anew(tmp_path):
    (tmp_path / TABLE).write_bytes(b"PAR1 but not really")
    with pytest.raises(ConfigurationError, match="repeat `sightline export-crops`"):
        read_stream_crops(tmp_path)
