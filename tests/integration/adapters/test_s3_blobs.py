"""The S3 store against a server of that protocol, a process of its own: refusals, crashes, threads, processes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.certificates import Authority
from support.s3_server import S3Server

from sightline.adapters.blobs import open_blobs, open_store
from sightline.errors import ConfigurationError, NotFoundError, ServiceUnavailable
from sightline.ports import BlobStore
from sightline.settings import Settings, load_settings

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

CROP = os.urandom(50_000)
SOON_S = 5.0
"""How long a refusal may take, or a connection that nobody takes; the settings allow a call ten seconds."""


def settings_of(server: S3Server, prefix: str = "", **changes: Any) -> Settings:
    return load_settings(blobs=server.section("tests", prefix or uuid.uuid4().hex, **changes))


def calls(blobs: BlobStore) -> tuple[Callable[[], object], ...]:
    return (lambda: blobs.put("a.jpg", CROP), lambda: blobs.get("a.jpg"), lambda: blobs.delete("a.jpg"))


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[S3Server]:
    """To be killed."""
    server = S3Server.start(tmp_path / "s3")
    server.make_bucket("tests")
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"secret": "wrong"}, r"SignatureDoesNotMatch.*blobs\.secret"),
        ({"key": "nobody"}, r"InvalidAccessKeyId.*blobs\.key"),
        ({"key": None, "secret": None}, r"blobs\.key.*AWS_ACCESS_KEY_ID"),
    ],
)
def test_who_is_refused_is_told_which_setting_to_look_at(
    s3_server: S3Server, changes: dict[str, Any], setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    blobs = open_blobs(settings_of(s3_server, **changes))
    for call in calls(blobs):
        began = time.monotonic()
        with pytest.raises(ConfigurationError, match=setting):
            call()
        assert time.monotonic() - began < SOON_S


def test_the_usual_aws_variables_do(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("ACCESS_KEY_ID", s3_server.key),
        ("SECRET_ACCESS_KEY", s3_server.secret),
        ("ENDPOINT_URL", s3_server.url),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    prefix = uuid.uuid4().hex
    open_blobs(settings_of(s3_server, prefix, key=None, secret=None)).put("a.jpg", CROP)
    assert open_store(f"s3://tests/{prefix}").get("a.jpg") == CROP  # as training's checkpoints


def test_a_bucket_that_is_not_there(s3_server: S3Server) -> None:
    blobs = open_blobs(settings_of(s3_server, url="s3://nowhere/prefix"))
    for call in calls(blobs)[:2]:  # this server finds a deletion there well done
        with pytest.raises(ConfigurationError, match=r"nowhere/prefix/a\.jpg cannot be .*NoSuchBucket.*blobs\.url"):
            call()


def test_nobody_at_the_endpoint(s3_server: S3Server) -> None:
    blobs = open_blobs(settings_of(s3_server, endpoint_url="http://127.0.0.1:1"))
    for call in calls(blobs):
        began = time.monotonic()
        with pytest.raises(ServiceUnavailable, match=r"http://127\.0\.0\.1:1/.*blobs\.endpoint_url"):
            call()
        assert time.monotonic() - began < SOON_S


def test_a_killed_server_and_back(own_server: S3Server) -> None:
    blobs = open_blobs(settings_of(own_server))
    blobs.put("a.jpg", CROP)
    own_server.kill()
    for call in calls(blobs):
        began = time.monotonic()
        with pytest.raises(ServiceUnavailable, match=r"blobs\.endpoint_url"):
            call()
        assert time.monotonic() - began < SOON_S
    back = own_server.revive()
    try:
        assert blobs.get("a.jpg") == CROP
        blobs.put("b.jpg", CROP)
        back.kill()
        again = back.revive()
        blobs.put("b.jpg", b"at once, though the connection that was open is gone")
        again.stop()
    finally:
        back.stop()


def test_a_server_that_is_stalled_ends_a_call_within_the_timeout(own_server: S3Server) -> None:
    open_blobs(settings_of(own_server)).put("a.jpg", CROP)  # the server's first call takes it some seconds on a busy machine
    blobs = open_blobs(settings_of(own_server, timeout_s=4.0))
    blobs.put("a.jpg", CROP)
    own_server.stall()
    try:
        for call in calls(blobs):
            began = time.monotonic()
            with pytest.raises(ServiceUnavailable, match="cannot be"):
                call()
            assert time.monotonic() - began < 25.0, "it would go on for as long as the server is stalled"
    finally:
        own_server.wake()
    blobs.put("b.jpg", b"back")  # what was given up may yet be done to the other
    assert blobs.get("b.jpg") == b"back"


def test_killed_while_many_put_leaves_whole_pictures_only(own_server: S3Server) -> None:
    """Each put either came back and its picture is there, or it failed and its picture is whole or not there."""
    blobs = open_blobs(settings_of(own_server))
    pictures = {f"{number}.jpg": bytes([number % 256]) * 300_000 for number in range(100)}
    kept = []

    def put(key: str) -> bool:
        try:
            blobs.put(key, pictures[key])
        except ServiceUnavailable:
            return False
        kept.append(key)
        if len(kept) == 40:
            own_server.kill()
        return True

    with ThreadPoolExecutor(4) as threads:
        came_back = dict(zip(pictures, threads.map(put, pictures), strict=True))
    assert 40 <= sum(came_back.values()) < len(pictures)
    back = own_server.revive()
    try:
        for key, picture in pictures.items():
            try:
                assert blobs.get(key) == picture, key
            except NotFoundError:
                assert not came_back[key], f"{key} is lost"
    finally:
        back.stop()


def test_from_many_threads(s3_server: S3Server) -> None:
    blobs = open_blobs(settings_of(s3_server))

    def put_and_get(number: int) -> bool:
        key, picture = f"camera-{number % 3}/{number}.jpg", number.to_bytes(4, "big") * 12_500
        blobs.put(key, picture)
        return blobs.get(key) == picture

    with ThreadPoolExecutor(16) as threads:  # the first calls, which connect, among them
        assert all(threads.map(put_and_get, range(160)))


def test_answers_are_never_stale(s3_server: S3Server) -> None:
    prefix = uuid.uuid4().hex
    one, other = (open_blobs(settings_of(s3_server, prefix)) for _ in range(2))
    with pytest.raises(NotFoundError):
        one.get("a.jpg")
    for content in (b"first", b"second, longer", b""):
        other.put("a.jpg", content)
        assert one.get("a.jpg") == content
    other.delete("a.jpg")
    with pytest.raises(NotFoundError):
        one.get("a.jpg")


@pytest.mark.parametrize(
    "key", ["a+b=c@d.jpg", "a-b_c..d", "_", "0" * 200, "/".join(["d" * 90] * 9), "a/b/c/d/e/f/g/h.jpg", "A/a"]
)
def test_odd_keys(s3_server: S3Server, key: str) -> None:
    prefix = uuid.uuid4().hex
    blobs = open_blobs(settings_of(s3_server, f"{prefix}/with a space+and=more"))
    blobs.put(key, CROP)
    assert blobs.get(key) == CROP
    stored = s3_server.folder / "objects" / "tests" / prefix / "with a space+and=more" / key
    assert stored.read_bytes() == CROP  # under its very name, which others may use as well
    blobs.delete(key)
    assert not stored.exists()
    blobs.delete(key)


def test_what_is_erased_is_gone_from_the_disk(s3_server: S3Server) -> None:
    prefix = uuid.uuid4().hex
    blobs = open_blobs(settings_of(s3_server, prefix))
    for number in range(5):
        blobs.put(f"hall/{number}.jpg", CROP)
        blobs.put(f"hall/{number}.jpg", CROP[::-1])
    for number in range(5):
        blobs.delete(f"hall/{number}.jpg")
    folder = s3_server.folder / "objects" / "tests" / prefix
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_the_settings_travel_and_need_nothing_of_the_host_they_come_from(s3_server: S3Server, tmp_path: Path) -> None:
    prefix = uuid.uuid4().hex
    pickled = tmp_path / "settings"
    pickled.write_bytes(pickle.dumps(settings_of(s3_server, prefix)))
    program = (
        "import pickle, sys\n"
        "from sightline.adapters.blobs import open_blobs\n"
        "open_blobs(pickle.loads(open(sys.argv[1], 'rb').read())).put('a.jpg', b'from elsewhere')\n"
    )
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, pickled], env=bare, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")  # nor a word of connections left open
    assert open_blobs(settings_of(s3_server, prefix)).get("a.jpg") == b"from elsewhere"


def test_tls_and_whom_it_trusts(tmp_path: Path) -> None:
    authority, other = Authority.make(tmp_path / "tls"), Authority.make(tmp_path / "other")
    issued = authority.issue("server")
    server = S3Server.start(tmp_path / "s3", tls=(issued.key, issued.cert))
    try:
        server.make_bucket("tests")
        blobs = open_blobs(settings_of(server, ssl_cafile=authority.cafile))
        blobs.put("a.jpg", CROP)
        assert blobs.get("a.jpg") == CROP
        for cafile in (None, other.cafile):
            with pytest.raises(ConfigurationError, match=r"blobs\.ssl_cafile must hold the authority"):
                open_blobs(settings_of(server, ssl_cafile=cafile)).put("a.jpg", CROP)
    finally:
        server.stop()
