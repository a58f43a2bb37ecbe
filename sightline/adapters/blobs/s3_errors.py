"""What a store's refusal means for us, and which setting to look at."""

from __future__ import annotations

import aiohttp
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from sightline.errors import ConfigurationError, NotFoundError, ServiceUnavailable, SightlineError

SERVICE = "blobs"

VENDOR_ERRORS = (OSError, ValueError, boto.BotoCoreError, boto.ClientError, ResponseParserError, aiohttp.ClientError)
"""s3fs makes OSErrors of what the store answers, and passes on what botocore and aiohttp say of the way to it."""

_KEY = "check blobs.key and blobs.secret, and what that key may do"
_BUCKET = "check the bucket in blobs.url, which must exist, and blobs.endpoint_url"
_REGION = "check blobs.region"
_ENDPOINT = "check blobs.endpoint_url if this lasts"

_REFUSALS = {
    "AccessDenied": _KEY,
    "AccountProblem": _KEY,
    "AllAccessDisabled": _KEY,
    "ExpiredToken": _KEY,
    "InvalidAccessKeyId": _KEY,
    "InvalidSecurity": _KEY,
    "InvalidToken": _KEY,
    "SignatureDoesNotMatch": _KEY,
    "RequestTimeTooSkewed": "check this host's clock",
    "NoSuchBucket": _BUCKET,
    "InvalidBucketName": _BUCKET,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "PermanentRedirect": _REGION,
}
"""Error codes of the S3 protocol that stay until a person changes something."""

_MISTAKES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((boto.NoCredentialsError,), "set blobs.key and blobs.secret, or what AWS looks for: AWS_ACCESS_KEY_ID, a profile, a role"),
    ((boto.PartialCredentialsError, boto.NoAuthTokenError, boto.ProfileNotFound, boto.SSOError), _KEY),
    (
        (boto.SSLError,),
        "blobs.ssl_cafile must hold the authority of its certificate; without TLS, blobs.endpoint_url is http://",
    ),
    ((boto.ParamValidationError, boto.UnsupportedS3ArnError), _BUCKET),
    ((boto.InvalidRegionError, boto.NoRegionError), _REGION),
    ((boto.InvalidEndpointConfigurationError, boto.EndpointProviderError, ValueError), "check blobs.endpoint_url"),
)


def explained(error: Exception, what: str, *, key: str) -> SightlineError:
    """Our error for one of :data:`VENDOR_ERRORS`.

    Args:
        error: as s3fs raised it.
        what: did not work, as the beginning of a sentence.
        key: of the blob.

    Returns:
        NotFoundError: there is no such object. ConfigurationError: it stays so until a person changes something.
        ServiceUnavailable: it may work again.
    """
    code = _code(error)
    if code == "NoSuchKey":
        return NotFoundError(f"there is no blob {key!r}")
    hint = _REFUSALS.get(code) if code else _mistake(error)
    said = f"{code}: {error}" if code else " ".join(str(error).split())[:300] or "no answer in time"
    if hint is None:
        return ServiceUnavailable(SERVICE, f"{what}: {said}; {_ENDPOINT}")
    return ConfigurationError(f"{what}: {said}; {hint}")


def _code(error: Exception) -> str | None:
    """The S3 protocol's own word for the refusal; None where the store did not answer."""
    answer = error.__cause__ if isinstance(error.__cause__, boto.ClientError) else error
    return str(answer.response["Error"].get("Code", "")) or None if isinstance(answer, boto.ClientError) else None


def _mistake(error: Exception) -> str | None:
    return next((hint for kinds, hint in _MISTAKES if isinstance(error, kinds)), None)
