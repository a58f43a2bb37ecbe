"""Errors as RFC 9457 problem details, every one of them, and what they look like in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from serving.search import NobodyFound
from sightline.errors import (
    InputError,
    NotFoundError,
    RejectedFrame,
    RejectReason,
    ServiceError,
    SightlineError,
    SpaceMismatchError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
"""What a caller is told to wait when a server that we lean on is down, or too much is being asked."""

_REJECTIONS = {
    RejectReason.UNSUPPORTED_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RejectReason.TOO_MANY_BYTES: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
_REFUSALS: dict[type[InputError], tuple[HTTPStatus, str | None]] = {
    NobodyFound: (HTTPStatus.UNPROCESSABLE_ENTITY, "nobody-found"),
    NotFoundError: (HTTPStatus.NOT_FOUND, None),
    SpaceMismatchError: (HTTPStatus.CONFLICT, "space-mismatch"),
    InputError: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request"),
}
"""The first that an error is an instance of decides, so the narrow ones come first."""


class InvalidPart(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="The field or parameter.", examples=["k"])
    detail: str = Field(description="What is wrong with it.", examples=["Input should be greater than or equal to 1"])


class Problem(BaseModel):
    """What went wrong, as in RFC 9457."""

    model_config = ConfigDict(json_schema_extra={"required": ["type", "title", "status", "detail"]})

    type: str = Field(default="about:blank", description="Which kind of problem: a URN, or about:blank for the status alone.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="This problem in words, with the next step.")
    errors: list[InvalidPart] | None = Field(default=None, description="Each invalid field, for 422.")


class ProblemError(Exception):
    """A problem that a route answers with."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        kind: str | None = None,
        errors: Sequence[InvalidPart] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(
            type=f"urn:sightline:problem:{kind}" if kind else "about:blank",
            title=kind.replace("-", " ").capitalize() if kind else status.phrase,
            status=status,
            detail=detail,
            errors=list(errors) if errors else None,
        )
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        content = self.problem.model_dump(exclude_none=True)
        return JSONResponse(content, self.problem.status, self.headers, media_type=MEDIA_TYPE)


def from_error(error: SightlineError) -> ProblemError:
    """An error of ours as a problem; what is not the caller's fault is a 503, for it may pass."""
    if isinstance(error, RejectedFrame):
        status = _REJECTIONS.get(error.reason, HTTPStatus.UNPROCESSABLE_ENTITY)
        return ProblemError(status, f"image: {error.detail}", kind="image-rejected")
    for kind, (status, name) in _REFUSALS.items():
        if isinstance(error, kind):
            return ProblemError(status, str(error), kind=name)
    if isinstance(error, ServiceError):
        return unavailable(f"{error.service} does not answer now; try again, and see `sightline status`")
    return unavailable(f"this deployment is not set up well; see `sightline models check`: {error}")


def unavailable(detail: str) -> ProblemError:
    """A 503 that says when to come back."""
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, kind="unavailable", headers=headers)


def from_validation(error: RequestValidationError | ValidationError) -> ProblemError:
    """What pydantic found wrong; the values themselves are not sent back."""
    # A field that may be absent is "a value or None" to pydantic, which then also reports that it is not None.
    items = [item for item in error.errors() if item["type"] != "none_required"]
    parts = [InvalidPart(where=_dotted(item["loc"]), detail=item["msg"].removeprefix("Value error, ")) for item in items][:32]
    summary = "; ".join(f"{part.where}: {part.detail}" for part in parts[:3])
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, summary, kind="invalid-request", errors=parts)


def from_http(error: HTTPException) -> ProblemError:
    """What the framework refused (no such route, wrong method, …)."""
    status = HTTPStatus(error.status_code)
    details = {
        HTTPStatus.NOT_FOUND: "there is nothing at this address; /openapi.json lists what there is",
        HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take this method; see the Allow header",
    }
    return ProblemError(status, details.get(status, str(error.detail)), headers=error.headers)


def _dotted(where: tuple[int | str, ...]) -> str:
    """The field, and the place in it: what pydantic adds of its own types is left out."""
    field = [str(part) for part in where if part not in ("query", "path", "body")][:1]
    places = [str(part) for part in where if isinstance(part, int)]
    return ".".join([*field, *places]) or "request"


def declared(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Problems that a route may answer with, for its ``responses``."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(status): {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}, **_retry(status)}
        for status in statuses
    }


def _retry(status: HTTPStatus) -> dict[str, Any]:
    if status != HTTPStatus.SERVICE_UNAVAILABLE:
        return {}
    return {"headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}}
