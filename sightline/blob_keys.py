"""What a blob's key may look like: a relative path of plain names, legal in a folder, an object store and a URL."""

from __future__ import annotations

import re

from sightline.errors import InputError

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=@+-]{0,199}")
_MAX_LENGTH = 900
"""S3 allows 1024 bytes, its prefix included."""


def checked_key(key: str) -> str:
    """``key`` if it is legal: names of letters, digits and ``._=@+-``, none beginning with a dot, between single slashes.

    Raises:
        InputError: it is not; ``..``, a leading slash, a drive or a scheme never are.
    """
    if len(key) > _MAX_LENGTH or not all(_PART.fullmatch(part) for part in key.split("/")):
        raise InputError(f"blob key: expected names of letters, digits and ._=@+- between slashes, got {key[:120]!r}")
    return key
