"""What is said of a store depends on whether waiting helps."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from fsspec.exceptions import FSTimeoutError
from s3fs.errors import translate_boto_error

from sightline.adapters.blobs.s3_errors import explained
from sightline.errors import ConfigurationError, NotFoundError, ServiceUnavailable, SightlineError


def said_by_the_store(code: str) -> Exception:
    """As s3fs raises it."""
    answer = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {}}
    return translate_boto_error(boto.ClientError(answer, "PutObject"))


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        ("NoSuchKey", NotFoundError, r"there is no blob 'a/b\.jpg'"),
        ("NoSuchBucket", ConfigurationError, r"blobs\.url"),
        ("InvalidBucketName", ConfigurationError, r"blobs\.url"),
        ("InvalidAccessKeyId", ConfigurationError, r"blobs\.key"),
        ("SignatureDoesNotMatch", ConfigurationError, r"blobs\.secret"),
        ("AccessDenied", ConfigurationError, r"what that key may do"),
        ("ExpiredToken", ConfigurationError, r"blobs\.key"),
        ("RequestTimeTooSkewed", ConfigurationError, r"clock"),
        ("PermanentRedirect", ConfigurationError, r"blobs\.region"),
        ("SlowDown", ServiceUnavailable, r"blobs\.endpoint_url"),
        ("ServiceUnavailable", ServiceUnavailable, r"blobs\.endpoint_url"),
        ("InternalError", ServiceUnavailable, r"blobs\.endpoint_url"),
        ("503", ServiceUnavailable, r"503"),
        ("404", ServiceUnavailable, r"blobs\.endpoint_url"),  # no S3 store says only that
        ("AWordOfTomorrow", ServiceUnavailable, r"AWordOfTomorrow"),
    ],
)
def test_an_answer(code: str, kind: type[SightlineError], hint: str) -> None:
    error = explained(said_by_the_store(code), "crops/a/b.jpg cannot be written", key="a/b.jpg")
    assert type(error) is kind
    with pytest.raises(kind, match=hint):
        raise error


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (
            boto.EndpointConnectionError(endpoint_url="http://s:1", error="no"),
            ServiceUnavailable,
            r"http://s:1.*blobs\.endpoint_url",
        ),
        (boto.ConnectTimeoutError(endpoint_url="http://s:1", error="no"), ServiceUnavailable, r"blobs\.endpoint_url"),
        (boto.ReadTimeoutError(endpoint_url="http://s:1", error="no"), ServiceUnavailable, r"blobs\.endpoint_url"),
        (boto.ConnectionClosedError(endpoint_url="http://s:1"), ServiceUnavailable, r"blobs\.endpoint_url"),
        (boto.CredentialRetrievalError(provider="iam-role", error_msg="no"), ServiceUnavailable, r"iam-role"),
        (FSTimeoutError(), ServiceUnavailable, r"no answer in time"),
        (ConnectionResetError(104, "Connection reset by peer"), ServiceUnavailable, r"reset by peer"),
        (ResponseParserError("not XML"), ServiceUnavailable, r"not XML"),
        (boto.SSLError(endpoint_url="https://s:1", error="no"), ConfigurationError, r"blobs\.ssl_cafile"),
        (boto.NoCredentialsError(), ConfigurationError, r"blobs\.key and blobs\.secret.*AWS_ACCESS_KEY_ID"),
        (boto.ProfileNotFound(profile="x"), ConfigurationError, r"profile \(x\)"),
        (boto.ParamValidationError(report='Invalid bucket name "A b"'), ConfigurationError, r'"A b".*blobs\.url'),
        (boto.InvalidRegionError(region_name="not a region"), ConfigurationError, r"blobs\.region"),
        (ValueError("Invalid endpoint: x"), ConfigurationError, r"blobs\.endpoint_url"),
    ],
)
def test_no_answer(error: Exception, kind: type[SightlineError], hint: str) -> None:
    found = explained(error, "crops/a/b.jpg cannot be written", key="a/b.jpg")
    assert type(found) is kind
    with pytest.raises(kind, match=hint):
        raise found
