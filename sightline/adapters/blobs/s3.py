"""Pictures in a store that speaks the S3 protocol, through s3fs; imported only where the extra ``s3`` is installed."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from s3fs import S3FileSystem

from sightline.adapters.blobs.s3_errors import VENDOR_ERRORS, explained
from sightline.blob_keys import checked_key
from sightline.errors import ConfigurationError, NotFoundError

if TYPE_CHECKING:  # training opens stores where pydantic-settings is not installed
    from sightline.settings import BlobSettings

_SILENCE_S = 30.0
"""How long a store may say nothing where no setting says how long a call may take."""
_MOST_CONNECT_S = 3.0
_ATTEMPTS = 2
"""Two, since "503 Slow Down" is no more than that. More is the caller's to decide."""


class S3Blobs:
    """See :class:`sightline.ports.BlobStore`; for any number of threads, not for both sides of a fork.

    The store itself puts an object whole or not at all. Each call is one request: nothing is looked up or listed first, and
    nothing is kept from one call to the next, so an answer is never stale. What a call was given up for may yet be done by the
    store: repeat the call.

    Args:
        url: ``s3://bucket/prefix``. Nothing is connected before the first call.
        access: how the store is reached; None = by the usual AWS chain, and only silence ends a call.

    Raises:
        ConfigurationError: the URL names no bucket, or ``blobs.ssl_cafile`` cannot be read.
    """

    def __init__(self, url: str, access: BlobSettings | None = None) -> None:
        self._root = url.partition("://")[2].rstrip("/")
        if not self._root.partition("/")[0]:
            raise ConfigurationError(f"blobs.url {url!r} names no bucket: expected s3://bucket or s3://bucket/prefix")
        self._timeout_s = access.timeout_s if access else None
        self._filesystem = S3FileSystem(
            **_credentials(access),
            client_kwargs=_client_options(access),
            config_kwargs=_transport_options(access),
            max_concurrency=1,  # else a get asks for the size first, and a missing picture for a listing
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        self._filesystem.retries = 1  # s3fs would repeat what botocore has repeated already

    def put(self, key: str, data: bytes) -> None:
        """See the port. Also raises ConfigurationError for a refused key or bucket, and InputError as :func:`checked_key`."""
        path = self._path(key)
        try:
            self._filesystem.pipe_file(path, data, timeout=self._timeout_s)
        except VENDOR_ERRORS as error:
            raise explained(error, f"{path} cannot be written", key=key) from error

    def get(self, key: str) -> bytes:
        """See the port. Also raises ConfigurationError for a refused key or bucket, and InputError as :func:`checked_key`."""
        path = self._path(key)
        try:
            return bytes(self._filesystem.cat_file(path, timeout=self._timeout_s))
        except VENDOR_ERRORS as error:
            raise explained(error, f"{path} cannot be read", key=key) from error

    def delete(self, key: str) -> None:
        """See the port. Also raises ConfigurationError for a refused key or bucket, and InputError as :func:`checked_key`."""
        path = self._path(key)
        try:
            self._filesystem.rm_file(path, timeout=self._timeout_s)
        except VENDOR_ERRORS as error:
            reason = explained(error, f"{path} cannot be deleted", key=key)
            if not isinstance(reason, NotFoundError):  # the port: not an error
                raise reason from error

    def _path(self, key: str) -> str:
        return f"{self._root}/{checked_key(key)}"


def _credentials(access: BlobSettings | None) -> dict[str, str]:
    """Those of the settings; none = botocore looks for them where AWS keeps them."""
    if access is None or access.key is None or access.secret is None:
        return {}
    return {"key": access.key, "secret": access.secret.get_secret_value()}


def _client_options(access: BlobSettings | None) -> dict[str, str]:
    if access is None:
        return {}
    if access.ssl_cafile is not None:
        try:
            ssl.create_default_context(cafile=access.ssl_cafile)
        except OSError as error:
            raise ConfigurationError(f"blobs.ssl_cafile {access.ssl_cafile} cannot be read: {error}") from error
    options = {"endpoint_url": access.endpoint_url, "region_name": access.region, "verify": access.ssl_cafile}
    return {name: str(value) for name, value in options.items() if value is not None}


def _transport_options(access: BlobSettings | None) -> dict[str, Any]:
    whole_s = access.timeout_s if access else _ATTEMPTS * _SILENCE_S
    options: dict[str, Any] = {
        "connect_timeout": min(_MOST_CONNECT_S, whole_s / _ATTEMPTS),
        "read_timeout": whole_s / _ATTEMPTS,
        "retries": {"total_max_attempts": _ATTEMPTS, "mode": "standard"},
    }
    if access and access.endpoint_url:
        # What Amazon's own store takes since 2025 and many another does not; the picture's hash is signed, or TLS guards it.
        options |= {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    return options
