"""Crops of the stream as a data set: which are exported, what is written, and what a second export does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sightline.adapters.parquet import ParquetCropTable
from sightline.errors import ConfigurationError, InputError, ServiceUnavailable
from sightline.exported_crop import TABLE, ExportedCrop
from sightline.exporting import Wanted, export_crops
from sightline.testing import InMemoryBlobs
from sightline.track_corrections import read_corrections
from sightline.types import Sighting, SightingFilter
from sightline.wire import Record, sighting_to_message

NOON_US = 1_700_000_000_000_000


def sighting(name: str, *, camera: str = "lobby", track: str = "lobby/1", seconds: int = 0, quality: float = 0.8) -> Sighting:
    return Sighting(
        sighting_id=name,
        camera=camera,
        frame_id=f"frame-{name}",
        captured_at_us=NOON_US + seconds * 1_000_000,
        track=track,
        box_xywh=(1, 2, 30, 60),
        score=0.9,
        quality=quality,
        embedding=np.eye(4, dtype=np.float32)[0],
        space="reid_a_v1_4_0123456789ab",
        crop_key=f"{camera}/{name}.jpg",
        crop_box_xywh=(3.0, 6.0, 30.0, 60.0),
    )


class Log:
    """A recorded topic of one partition."""

    def __init__(self, *held: Sighting | tuple[str, bytes | None]) -> None:
        self._held = held

    def records(self) -> Iterator[list[Record]]:
        for offset, what in enumerate(self._held):
            if isinstance(what, Sighting):
                message = sighting_to_message(what, "sightings", 0)
                yield [Record("sightings", 0, offset, 0, message.key, message.value)]
            else:
                yield [Record("sightings", 0, offset, 0, what[0].encode(), what[1])]


def stored(*sightings: Sighting) -> InMemoryBlobs:
    blobs = InMemoryBlobs()
    for each in sightings:
        blobs.put(each.crop_key, f"picture of {each.sighting_id}".encode())
    return blobs


def rows_in(folder: Path) -> dict[str, ExportedCrop]:
    return {row.sighting_id: row for row in ParquetCropTable().read(folder / TABLE)}


def export(folder: Path, log: Log, blobs: InMemoryBlobs, **wanted):
    return export_crops(log, blobs, ParquetCropTable(), folder, wanted=Wanted(**wanted))


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_row_and_a_picture_for_each_sighting(tmp_path):
    joints = np.random.default_rng(0).random((19, 3)).astype(np.float32).round(3)
    first = replace(sighting("a"), keypoints=joints, attributes={"hat": 0.25})
    second = sighting("b", camera="door", track="door/7")
    done = export(tmp_path / "out", Log(first, second), stored(first, second))
    rows = rows_in(tmp_path / "out")
    assert list(rows) == ["a", "b"]
    assert (rows["a"].identity, rows["b"].identity) == ("lobby/1", "door/7")
    assert rows["a"].captured_at_us == NOON_US
    assert rows["a"].box_xywh == (3.0, 6.0, 30.0, 60.0)
    np.testing.assert_allclose(rows["a"].keypoints, joints)
    assert rows["a"].attributes == {"hat": 0.25}
    assert rows["b"].keypoints is None
    assert (rows["a"].frame_id, rows["a"].track, rows["a"].score) == ("frame-a", "lobby/1", pytest.approx(0.9))
    assert (tmp_path / "out" / rows["b"].crop).read_bytes() == b"picture of b"
    assert files_in(tmp_path / "out") == [TABLE, "crops/door/b.jpg", "crops/lobby/a.jpg"]
    assert (dict(done.identities), dict(done.cameras)) == ({"lobby/1": 1, "door/7": 1}, {"lobby": 1, "door": 1})


def test_the_last_word_on_a_sighting_counts_and_what_was_erased_is_not_exported(tmp_path):
    old, new, gone = sighting("a", quality=0.1), sighting("a", quality=0.7), sighting("b")
    export(tmp_path, Log(old, gone, new, ("b", None), ("bad", b"{}")), stored(old, gone))
    assert list(rows_in(tmp_path)) == ["a"]
    assert rows_in(tmp_path)["a"].quality == pytest.approx(0.7)


def test_what_is_left_out_is_counted(tmp_path):
    kept, poor, early, elsewhere = (
        sighting("a"), sighting("b", quality=0.2), sighting("c", seconds=-5), sighting("d", camera="roof")
    )  # fmt: skip
    lost, unnamed = sighting("e"), replace(sighting("f"), crop_key=None)
    evil = sighting("../../evil")
    log = Log(kept, poor, early, elsewhere, lost, unnamed, evil, ("bad", b"no event"))
    where = SightingFilter(cameras=("lobby",), start_us=NOON_US)
    done = export(tmp_path, log, stored(kept, poor, early, elsewhere), where=where, min_quality=0.5)
    assert list(rows_in(tmp_path)) == ["a"]
    assert done.left_out == {"not wanted": 3, "no crop": 2, "unreadable": 2}
    assert files_in(tmp_path) == [TABLE, "crops/lobby/a.jpg"]


def test_corrections_join_tracks_and_leave_others_out(tmp_path):
    rows = [
        sighting("a"),
        sighting("b", camera="door", track="door/7"),
        sighting("c", track="lobby/2"),
        sighting("d", track="x"),
    ]
    corrections = {"lobby/1": "anna", "door/7": "anna", "lobby/2": None, "door/99": "bo"}
    done = export(tmp_path, Log(*rows), stored(*rows), corrections=corrections)
    assert {name: row.identity for name, row in rows_in(tmp_path).items()} == {"a": "anna", "b": "anna", "d": "x"}
    assert done.left_out == {"corrected away": 1}
    assert done.unknown_tracks == {"door/99"}


def test_a_second_export_fetches_only_what_is_new_and_drops_what_was_erased(tmp_path):
    first, second, third = sighting("a"), sighting("b"), sighting("c")
    export(tmp_path, Log(first, second), stored(first, second))
    done = export(tmp_path, Log(first, second, third, ("b", None)), stored(third))
    assert list(rows_in(tmp_path)) == ["a", "c"]
    assert done.removed == 1
    assert files_in(tmp_path) == [TABLE, "crops/lobby/a.jpg", "crops/lobby/c.jpg"]


class Away(InMemoryBlobs):
    """A store that goes away after so many answers."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.answers = answers

    def get(self, key: str) -> bytes:
        self.answers -= 1
        if self.answers < 0:
            raise ServiceUnavailable("blobs", "away")
        return super().get(key)


def test_an_interrupted_export_keeps_its_old_table_and_can_be_repeated(tmp_path):
    rows = [sighting(name) for name in "abc"]
    export(tmp_path, Log(rows[0]), stored(*rows))
    away = Away(1)
    for row in rows:
        away.put(row.crop_key, b"x")
    with pytest.raises(ServiceUnavailable):
        export(tmp_path, Log(*rows), away)
    assert list(rows_in(tmp_path)) == ["a"]
    assert not list(tmp_path.glob(".*partial"))
    export(tmp_path, Log(*rows), stored(*rows))
    assert list(rows_in(tmp_path)) == ["a", "b", "c"]


def test_an_interrupted_first_export_leaves_nothing_of_what_is_erased_meanwhile(tmp_path):
    rows = [sighting(name) for name in "ab"]
    away = Away(1)
    away.put(rows[0].crop_key, b"x")
    with pytest.raises(ServiceUnavailable):
        export(tmp_path, Log(*rows), away)
    assert rows_in(tmp_path) == {}
    assert files_in(tmp_path) == [TABLE, "crops/lobby/a.jpg"]
    export(tmp_path, Log(*rows, ("a", None)), stored(*rows))
    assert files_in(tmp_path) == [TABLE, "crops/lobby/b.jpg"]


@pytest.mark.parametrize("name", ["holiday.jpg", "crops/lobby/mine.jpg"])
def test_a_folder_with_something_else_is_left_alone(tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(ConfigurationError, match="is not empty and holds no older export"):
        export(tmp_path, Log(), InMemoryBlobs())
    assert files_in(tmp_path) == [name]


def test_nothing_to_export_is_an_empty_table(tmp_path):
    done = export(tmp_path / "new", Log(), InMemoryBlobs())
    assert rows_in(tmp_path / "new") == {}
    assert not done.identities


def test_another_table_is_no_export(tmp_path):
    (tmp_path / TABLE).write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="cannot be read as a table of exported crops"):
        export(tmp_path, Log(), InMemoryBlobs())


def corrections_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "corrections.csv"
    path.write_text(text)
    return path


def test_corrections_are_read(tmp_path):
    text = "\ufefftrack,pid\nlobby/1,anna\ndoor/7, anna\nlobby/2,\nlobby/1,anna\n"
    assert read_corrections(corrections_file(tmp_path, text)) == {"lobby/1": "anna", "door/7": "anna", "lobby/2": None}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("track,person\na,b\n", r"expected the columns track,pid in the first line, got \['track', 'person'\]"),
        ("", "expected the columns"),
        ("track,pid\na,b\na,c\n", "line 3: a was another person before"),
        ("track,pid\na,b\na,\n", "line 3: a was another person before"),
    ],
)
def test_corrections_that_cannot_be_meant_are_refused(tmp_path, text, says):
    with pytest.raises(ConfigurationError, match=says):
        read_corrections(corrections_file(tmp_path, text))


def test_corrections_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ConfigurationError, match="nowhere"):
        read_corrections(tmp_path / "nowhere.csv")
