"""Reading request bodies of a bounded size: counted while they arrive, refused as soon as they are too large."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pydantic_core
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from serving.problems import ProblemError

MAX_JSON_BYTES = 1024 * 1024
_FORM_OVERHEAD_BYTES = 64 * 1024
_MAX_FIELDS = 512
_MAX_FIELD_BYTES = 4096
_DRAIN_BYTES = 64 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that the client comes to read the answer."""


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form.

    Attributes:
        fields: each text field's values, in order.
        files: each file field's bytes.
    """

    fields: Mapping[str, list[str]]
    files: Mapping[str, bytes]


async def read_form(request: Request, *, max_file_bytes: int) -> Form:
    """The multipart form of a request that holds one file at most.

    Raises:
        ProblemError: 413 when it is too large, 400 when it is not a multipart form.
    """
    limit = max_file_bytes + _FORM_OVERHEAD_BYTES
    bounded = await _bounded(request, limit, f"a picture may have {max_file_bytes} bytes at most")
    try:
        async with bounded.form(max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES) as form:
            fields: defaultdict[str, list[str]] = defaultdict(list)
            files: dict[str, bytes] = {}
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = await value.read()
                else:
                    fields[name].append(value)
            return Form(dict(fields), files)
    except HTTPException as error:
        raise _unreadable(str(error.detail)) from error
    except ValueError as error:  # part headers and charsets that cannot be decoded
        raise _unreadable("a part's name or charset cannot be decoded") from error


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object of a request.

    Raises:
        ProblemError: 413 when it is too large, 400 when it is not JSON, 422 when it is not an object.
    """
    bounded = await _bounded(request, MAX_JSON_BYTES, f"a JSON body may have {MAX_JSON_BYTES} bytes at most")
    try:
        value = pydantic_core.from_json(await bounded.body(), allow_inf_nan=False)
    except ValueError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}", kind="unreadable-body") from error
    if not isinstance(value, dict):
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "the body: expected a JSON object", kind="invalid-request")
    return value


def _unreadable(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not a multipart form: {detail}", kind="unreadable-body")


async def _bounded(request: Request, limit: int, rule: str) -> Request:
    """The same request, whose body raises ProblemError 413 beyond ``limit`` bytes."""
    too_large = ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, rule, kind="body-too-large")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        if "expect" not in request.headers:  # a client that asks first has not begun to send
            await _drain(request.receive)
        raise too_large
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            await _drain(request.receive)
            raise too_large
        return message

    return Request(request.scope, receive)


async def _drain(receive: Receive) -> None:
    drained = 0
    while drained < _DRAIN_BYTES:
        message = await receive()
        drained += len(message.get("body", b""))
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if not message.get("more_body", False):
            return
