"""What every blob store must do: the fake, local files, objects in memory and a server of the S3 protocol alike."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.s3_server import S3Server

from sightline.adapters.blobs import FsspecBlobs, open_blobs, open_store
from sightline.errors import ConfigurationError, InputError, NotFoundError, ServiceUnavailable
from sightline.ports import BlobStore
from sightline.settings import load_settings
from sightline.testing import InMemoryBlobs

ILLEGAL = (
    *("", "/", "/etc/passwd", "a//b", "a/", "..", "../a", "a/../../b", "./a", "a/.", ".hidden", "a/.hidden"),
    *("C:\\a", "a\\b", "s3://bucket/a", "a b", "a\nb", "a\x00b", "é", "a?b", "a*", "~/a", "$HOME", "a" * 201, "a/" * 500 + "a"),
)

keys = st.lists(st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9._=@+-]{0,20}\Z"), min_size=1, max_size=4).map("/".join)


@pytest.fixture(params=["fake", "files", "objects", pytest.param("s3", marks=pytest.mark.stack)])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "fake":
        return InMemoryBlobs()
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        return open_blobs(load_settings(blobs=server.section("tests", f"contract/{uuid.uuid4().hex}")))
    return FsspecBlobs(tmp_path.as_uri() if request.param == "files" else f"memory:/{tmp_path}")


def test_what_is_put_is_got(blobs: BlobStore) -> None:
    blobs.put("lobby/2026-01-31/one.jpg", b"\xff\xd8picture")
    blobs.put("empty", b"")
    assert blobs.get("lobby/2026-01-31/one.jpg") == b"\xff\xd8picture"
    assert blobs.get("empty") == b""


def test_a_second_put_replaces(blobs: BlobStore) -> None:
    blobs.put("a/b.jpg", b"a longer first picture")
    blobs.put("a/b.jpg", b"second")
    assert blobs.get("a/b.jpg") == b"second"


@pytest.mark.parametrize("key", ["nothing", "a/nothing.jpg", "a/b.jpg/c", "a"])
def test_what_is_not_there_is_not_found(blobs: BlobStore, key: str, request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["blobs"] == "s3" and key == "a/b.jpg/c":
        pytest.skip("the test server keeps objects as files and fails on a key below another; a real store finds nothing")
    blobs.put("a/b.jpg", b"x")
    with pytest.raises(NotFoundError):
        blobs.get(key)
    blobs.delete("a/nothing.jpg")


def test_delete(blobs: BlobStore) -> None:
    blobs.put("a/b.jpg", b"x")
    blobs.put("a/c.jpg", b"y")
    blobs.delete("a/b.jpg")
    blobs.delete("a/b.jpg")
    with pytest.raises(NotFoundError):
        blobs.get("a/b.jpg")
    assert blobs.get("a/c.jpg") == b"y"


@pytest.mark.parametrize("key", ILLEGAL)
def test_a_key_stays_within_the_store(blobs: BlobStore, key: str) -> None:
    for call in (lambda: blobs.put(key, b"x"), lambda: blobs.get(key), lambda: blobs.delete(key)):
        with pytest.raises(InputError, match="blob key"):
            call()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=keys, data=st.binary(max_size=2000))
def test_any_legal_key_and_data(blobs: BlobStore, key: str, data: bytes) -> None:
    key = f"{uuid.uuid4().hex}/{key}"  # on files, no key may be another's folder
    blobs.put(key, data)
    assert blobs.get(key) == data
    blobs.delete(key)


def test_readers_see_whole_pictures_only(blobs: BlobStore) -> None:
    pictures = [bytes([fill]) * 300_000 for fill in range(4)]
    blobs.put("a.jpg", pictures[0])
    stop = threading.Event()

    def keep_writing(picture: bytes) -> None:
        while not stop.is_set():
            blobs.put("a.jpg", picture)

    writers = [threading.Thread(target=keep_writing, args=(picture,)) for picture in pictures[1:]]
    for writer in writers:
        writer.start()
    seen = {blobs.get("a.jpg") for _ in range(200)}
    stop.set()
    for writer in writers:
        writer.join()
    assert seen <= set(pictures)


def test_a_put_that_fails_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = FsspecBlobs(tmp_path.as_uri())
    blobs.put("a/b.jpg", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ServiceUnavailable, match=r"blobs: .*a/b\.jpg cannot be written: .*No space left on device"):
        blobs.put("a/b.jpg", b"new")
    assert blobs.get("a/b.jpg") == b"old"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.jpg"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    blobs = FsspecBlobs((tmp_path / "file").as_uri())
    with pytest.raises(ServiceUnavailable, match="cannot be written"):
        blobs.put("a.jpg", b"x")


def test_an_unknown_kind_of_store_is_a_setting_to_change() -> None:
    with pytest.raises(ConfigurationError, match=r"blobs\.url"):
        open_store("nosuchstore://bucket/crops")
