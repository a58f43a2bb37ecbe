"""Which store a URL means. Nothing is connected before the store's first call."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from sightline.adapters.blobs.fsspec_blobs import FsspecBlobs
from sightline.errors import ConfigurationError
from sightline.ports import BlobStore

if TYPE_CHECKING:  # training opens stores where pydantic-settings is not installed
    from sightline.settings import BlobSettings, Settings

S3_SCHEMES = ("s3", "s3a")


def open_blobs(settings: Settings) -> BlobStore:
    """The store of the crops, as the settings name it.

    Raises:
        ConfigurationError: no such kind of store is known or installed, or a setting of it is wrong.
    """
    return open_store(settings.blobs_url, settings.blobs)


def open_store(url: str, access: BlobSettings | None = None) -> BlobStore:
    """The store at any URL.

    Args:
        url: ``file:///var/crops``, ``s3://bucket/prefix``, or of another kind that fsspec knows and that is installed.
        access: how an S3 store is reached and how long a call may take; None = the usual AWS chain of environment, profile
            and instance role, and only silence ends a call: for files of any size, such as checkpoints.

    Raises:
        ConfigurationError: no such kind of store is known or installed, or a setting of it is wrong.
    """
    scheme = url.partition("://")[0]
    if scheme not in S3_SCHEMES:
        return FsspecBlobs(url)
    if find_spec("s3fs") is None:
        raise ConfigurationError(
            f"{url} needs the package s3fs, which is not installed: pip install 'sightline[s3]', or `make setup` in a clone"
        )
    from sightline.adapters.blobs.s3 import S3Blobs

    return S3Blobs(url, access)
