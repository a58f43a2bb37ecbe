"""Which store a URL means, and what is said before anything is connected."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from sightline.adapters.blobs import FsspecBlobs, open_blobs, open_store
from sightline.adapters.blobs.s3 import S3Blobs
from sightline.errors import ConfigurationError
from sightline.settings import load_settings


def test_unset_is_a_folder_under_the_state(tmp_path: Path) -> None:
    blobs = open_blobs(load_settings(local={"state_dir": tmp_path}))
    blobs.put("a/b.jpg", b"picture")
    assert isinstance(blobs, FsspecBlobs)
    assert (tmp_path / "crops" / "a" / "b.jpg").read_bytes() == b"picture"


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/a/prefix/", "s3a://bucket/prefix"])
def test_s3(url: str) -> None:
    assert isinstance(open_store(url), S3Blobs)


def test_without_the_extra_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("sightline.adapters.blobs.opening.find_spec", lambda name: None if name == "s3fs" else found(name))
    with pytest.raises(ConfigurationError, match=r"s3://bucket/x needs .*pip install 'sightline\[s3\]'"):
        open_store("s3://bucket/x")
    assert open_store("memory://x")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"url": "s3://"}, r"blobs\.url 's3://' names no bucket"),
        ({"url": "s3:///prefix"}, r"blobs\.url 's3:///prefix' names no bucket"),
        ({"url": "s3://b", "key": "k"}, r"setting blobs: .*key and secret go together"),
        ({"url": "s3://b", "secret": "hush"}, r"setting blobs: .*key and secret go together"),
        ({"url": "s3://b", "endpoint_url": "store.example:9000"}, r"setting blobs\.endpoint_url"),
        ({"url": "s3://b", "ssl_cafile": "/nowhere.pem"}, r"blobs\.ssl_cafile /nowhere\.pem cannot be read"),
        ({"url": "s3://b", "ssl_cafile": __file__}, r"blobs\.ssl_cafile .* cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_at_once(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        open_blobs(load_settings(blobs=section))
    assert "hush" not in str(caught.value)
