"""The one exception tree.

SightlineError
├── ConfigurationError        a setting, a file or a command line is wrong: the message says what to change
├── InputError                data from outside is wrong: it becomes a dead letter or an HTTP 4xx
│   ├── RejectedFrame         a frame that cannot be used, with a countable reason
│   ├── NotFoundError         the thing asked for does not exist
│   └── SpaceMismatchError    vectors of two embedding spaces were about to meet
├── ModelError                a model breaks its contract
├── TrainingError             a training run cannot go on: it would in vain
└── ServiceError              a server we lean on failed (Kafka, Triton, Milvus, the blob store)
    ├── ServiceUnavailable    it may work again: retry with back-off
    └── FencedError           somebody else owns this work now: drop it, do not retry

They travel between processes, so each keeps its constructor's arguments as its ``args``.
"""

from __future__ import annotations

from enum import StrEnum


class SightlineError(Exception):
    """Base of every error that Sightline raises on purpose."""


class ConfigurationError(SightlineError):
    """A setting, file or command line is wrong. The message names the next step."""


class InputError(SightlineError):
    """Data from outside is wrong."""


class RejectReason(StrEnum):
    """Why a frame became a dead letter. The values are metric labels and header values: keep them stable."""

    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    BAD_SHAPE = "bad_shape"
    UNSUPPORTED_TYPE = "unsupported_type"
    UNDECODABLE = "undecodable"
    TRUNCATED = "truncated"
    BAD_METADATA = "bad_metadata"
    UNKNOWN_CAMERA = "unknown_camera"
    INTERNAL_ERROR = "internal_error"
    BAD_EVENT = "bad_event"
    """Of a record of ``sightings``, not of a frame: it cannot be read, or no gallery could hold it."""


class RejectedFrame(InputError):
    """A frame that cannot be used.

    Attributes:
        reason: the countable class of the fault.
        detail: one sentence for a person.
    """

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class NotFoundError(InputError):
    """The thing asked for does not exist (or no longer does)."""


class SpaceMismatchError(InputError):
    """Vectors of two embedding spaces were about to be compared."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(expected, actual)
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        return f"the embedding is of space {self.actual!r}, the gallery is of space {self.expected!r}"


class ModelError(SightlineError):
    """A model breaks its contract (tensors, shapes, spec)."""


class TrainingError(SightlineError):
    """A training run cannot go on; to try again from its last checkpoint would end the same way."""


class ServiceError(SightlineError):
    """A server that we lean on failed.

    Attributes:
        service: its name as in ``sightline status``: kafka, triton, milvus, blobs.
    """

    def __init__(self, service: str, message: str) -> None:
        super().__init__(service, message)
        self.service = service
        self.message = message

    def __str__(self) -> str:
        return f"{self.service}: {self.message}"


class ServiceUnavailable(ServiceError):
    """The server may answer again later: retry with back-off."""


class FencedError(ServiceError):
    """Another process owns this work now: drop it, do not retry."""
