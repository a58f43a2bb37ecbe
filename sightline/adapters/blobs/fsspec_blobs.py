"""Pictures in a folder, or in a store of any kind that fsspec knows."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import fsspec

from sightline.blob_keys import checked_key
from sightline.errors import ConfigurationError, NotFoundError, ServiceUnavailable

SERVICE = "blobs"


class FsspecBlobs:
    """See :class:`sightline.ports.BlobStore`.

    A store of objects puts one whole or not at all by itself. On local files we write beside the key, flush to the disk
    and rename, so that a crash leaves the old picture or the new one.

    Args:
        url: ``file:///var/crops``, ``memory://crops``. Nothing is connected before the first call. See :func:`open_store`.

    Raises:
        ConfigurationError: no such kind of store is known or installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self._filesystem, root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"blobs.url {url!r} cannot be opened: {error}") from error
        self._root = str(root).rstrip("/")
        self._local = "file" in _protocols(self._filesystem)

    def put(self, key: str, data: bytes) -> None:
        """See the port. Also raises InputError for a key that :func:`checked_key` refuses."""
        path = self._path(key)
        try:
            if self._local:
                _write_whole(Path(path), data)
            else:
                self._filesystem.pipe_file(path, data)
        except OSError as error:
            raise ServiceUnavailable(SERVICE, f"{path} cannot be written: {error}") from error

    def get(self, key: str) -> bytes:
        """See the port. Also raises InputError for a key that :func:`checked_key` refuses."""
        path = self._path(key)
        try:
            return bytes(self._filesystem.cat_file(path))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFoundError(f"there is no blob {key!r}") from error
        except OSError as error:
            raise ServiceUnavailable(SERVICE, f"{path} cannot be read: {error}") from error

    def delete(self, key: str) -> None:
        """See the port. Also raises InputError for a key that :func:`checked_key` refuses."""
        path = self._path(key)
        try:
            self._filesystem.rm_file(path)
        except (FileNotFoundError, NotADirectoryError):
            return  # the port: not an error
        except OSError as error:
            raise ServiceUnavailable(SERVICE, f"{path} cannot be deleted: {error}") from error

    def _path(self, key: str) -> str:
        return f"{self._root}/{checked_key(key)}"


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The dot keeps it apart from every key; the random part from other writers of the same key.
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _protocols(filesystem: Any) -> tuple[str, ...]:
    protocol = filesystem.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
