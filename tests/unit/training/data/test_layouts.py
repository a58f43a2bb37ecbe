"""Finding out how a data set is laid out; archives; what is unpacked once."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from pathlib import Path
from typing import get_args

import pytest

from sightline.errors import ConfigurationError
from training.data.archives import is_archive, unpacked
from training.data.cache import default_cache, filled_once
from training.data.config import DataConfig, IdentityFoldersLayout, Layout, Market1501Layout
from training.data.finding import open_reid_set
from training.data.layouts import found_layout, read_layout


def test_a_set_is_recognised_in_its_folder_and_in_the_one_above(market, tmp_path):
    assert found_layout(market) == (market, Market1501Layout())
    assert found_layout(tmp_path) == (market, Market1501Layout())
    assert read_layout(market, Market1501Layout(), cache=tmp_path).name == "Tiny-1501"


def test_two_sets_in_one_folder_are_not_guessed_between(market, tmp_path):
    market.rename(tmp_path / "first")
    for part in ("bounding_box_train", "query", "bounding_box_test"):
        (tmp_path / "second" / part).mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"holds several data sets: name one of .*first, .*second"):
        found_layout(tmp_path)


def test_what_is_no_set_says_what_was_found_and_what_is_expected(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ConfigurationError, match=r"found notes\.txt; expected\n(.*\n)*.*market1501: bounding_box_train/"):
        found_layout(tmp_path)


def test_half_a_market_is_not_taken_for_people(market):
    (market / "query").rename(market / "queries")
    with pytest.raises(ConfigurationError, match="is no data set"):
        found_layout(market)


def test_a_wanted_layout_is_looked_for_alone(market, tmp_path):
    assert found_layout(tmp_path, Market1501Layout())[0] == market
    with pytest.raises(ConfigurationError, match="expected\n  identity_folders"):
        found_layout(market, IdentityFoldersLayout(test_part=0.3))


@pytest.mark.parametrize("name", ["images.tar", "images.tar.gz", "images.zip"])
def test_an_archive_is_unpacked_once(market, tmp_path, name):
    archive, cache = tmp_path / name, tmp_path / "cache"
    pack(archive, market)
    told = []
    folder = unpacked(archive, cache, lambda done, total: told.append((done, total)))
    assert told[-1] == (9, 9)
    packed = sorted(path.relative_to(market).as_posix() for path in market.rglob("*") if path.is_file())
    out = folder / market.name
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == packed
    told.clear()
    assert unpacked(archive, cache, lambda done, total: told.append((done, total))) == folder
    assert told == []
    (market / "query" / "0003_c1s6_015971_00.jpg").unlink()
    pack(archive, market)
    assert unpacked(archive, cache) != folder, "another archive of the same name"


def pack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            for path in sorted(folder.rglob("*")):
                zipped.write(path, Path(folder.name) / path.relative_to(folder))
    else:
        with tarfile.open(archive, "w:gz" if archive.suffix == ".gz" else "w") as tar:
            tar.add(folder, folder.name)


def tar_of(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, 1 if kind == tarfile.REGTYPE else 0
    return info


@pytest.mark.parametrize(
    "bad",
    [
        member("../evil.jpg"),
        member("a/../../evil.jpg"),
        member("/tmp/evil.jpg"),
        member("..\\evil.jpg"),
        member("link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        member("hard.jpg", tarfile.LNKTYPE, "good.jpg"),
        member("device", tarfile.CHRTYPE),
    ],
)
def test_nothing_outside_the_cache_is_written_or_linked(tmp_path, bad):
    archive, cache = tar_of(tmp_path / "bad.tar", member("good.jpg"), bad), tmp_path / "deep" / "cache"
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigurationError, match="unpack it by hand"):
        unpacked(archive, cache)
    assert list(cache.iterdir()) == [], "nothing is left of it"
    assert sorted(path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "deep")) == before


def test_a_zip_that_leads_out_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as zipped:
        zipped.writestr("../evil.jpg", b"x")
    with pytest.raises(ConfigurationError, match="leads out of the folder"):
        unpacked(tmp_path / "bad.zip", tmp_path / "cache")


@pytest.mark.parametrize("name", ["half.tar", "half.tar.gz", "half.zip"])
def test_half_an_archive_is_named_and_not_kept(market, tmp_path, name):
    archive, cache = tmp_path / name, tmp_path / "cache"
    pack(archive, market)
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(ConfigurationError, match=f"{name} cannot be unpacked, is it complete"):
        unpacked(archive, cache)
    assert list(cache.iterdir()) == []


def test_two_who_unpack_at_once_get_one_folder(tmp_path):
    source, cache = tmp_path / "source.tar", tmp_path / "cache"
    source.write_bytes(b"source")
    barrier, folders = threading.Barrier(4), []

    def fill(folder: Path) -> None:
        barrier.wait(10)
        (folder / "file").write_text("whole")

    def take() -> None:
        folders.append(filled_once(cache, source, fill))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(folders) == 4
    assert len(set(folders)) == 1
    assert [path.name for path in cache.iterdir()] == [folders[0].name]
    assert (folders[0] / "file").read_text() == "whole"


def test_a_failed_unpacking_is_no_set(tmp_path):
    (tmp_path / "source.tar").touch()

    def fill(folder: Path) -> None:
        (folder / "file").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        filled_once(tmp_path / "cache", tmp_path / "source.tar", fill)
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_cache_is_where_the_user_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "sightline" / "data"


def test_a_folder_with_an_archive_alone_is_that_set(market, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    pack(here / "images.tar", market)
    (here / "attributes.csv").touch()
    root, reid_set = open_reid_set(DataConfig(path=here, cache=tmp_path / "cache"))
    assert root.name == "Tiny-1501"
    assert len(reid_set.train) == 3
    assert is_archive(here / "images.tar")


@pytest.mark.parametrize(("name", "says"), [("nowhere", "there is no data set"), ("notes.txt", "neither a folder nor")])
def test_what_cannot_be_opened_is_named(tmp_path, name, says):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ConfigurationError, match=says):
        open_reid_set(DataConfig(path=tmp_path / name, cache=tmp_path / "cache"))


def test_the_page_about_data_names_every_layout():
    page = (Path(__file__).parents[4] / "docs" / "training-data.md").read_text()
    kinds = [get_args(made.model_fields["kind"].annotation)[0] for made in get_args(get_args(Layout)[0])]
    assert len(kinds) == 7
    assert [kind for kind in kinds if f"`{kind}`" not in page] == []
