"""Asking a running deployment over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from sightline.errors import ConfigurationError, InputError, NotFoundError, ServiceError, ServiceUnavailable
from sightline.settings import Settings

_TIMEOUT_S = 60.0
_PAGE = 200
_NEXT_STEP = "start the local stack with `sightline up`, or set serving.url to where the API answers"


class QuestionsClient:
    """The HTTP API of the settings. Blocking; use it in a ``with``."""

    def __init__(self, settings: Settings, *, transport: httpx.BaseTransport | None = None) -> None:
        """``transport`` stands in for the network in tests.

        Raises:
            ConfigurationError: the settings name no address and no local stack runs.
        """
        if not settings.serving.url:
            raise ConfigurationError(f"no HTTP API: {_NEXT_STEP}")
        self._url = settings.serving.url
        self._client = httpx.Client(base_url=self._url, timeout=_TIMEOUT_S, transport=transport)

    def __enter__(self) -> QuestionsClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def search(self, picture: bytes, fields: Mapping[str, str | Sequence[str]]) -> dict[str, Any]:
        """``POST /v1/search`` by picture.

        Raises:
            InputError: the API refuses the question; the message is its detail.
            ServiceUnavailable: it does not answer.
        """
        with self._reaching():
            response = self._client.post("/v1/search", files={"image": ("query", picture)}, data=dict(fields))
        document: dict[str, Any] = self._checked(response).json()
        return document

    def similar(self, sighting_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """``POST /v1/search`` by sighting. Raises NotFoundError where there is no such one, and as :meth:`search` does."""
        with self._reaching():
            response = self._client.post("/v1/search", json={"sighting_id": sighting_id, **fields})
        document: dict[str, Any] = self._checked(response).json()
        return document

    def sightings(self, fields: Mapping[str, str | Sequence[str]], *, most: int) -> list[dict[str, Any]]:
        """``GET /v1/sightings``: the newest ``most``, page by page. Raises as :meth:`search` does."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while len(found) < most:
            page = {**fields, **cursor, "limit": str(min(_PAGE, most - len(found)))}
            with self._reaching():
                response = self._client.get("/v1/sightings", params=page)
            document = self._checked(response).json()
            found += document["sightings"]
            if document["next_cursor"] is None:
                break
            cursor = {"cursor": document["next_cursor"]}
        return found

    def crop(self, crop_url: str) -> bytes:
        """The picture of a match. Raises NotFoundError where it is gone, and as :meth:`search` does."""
        with self._reaching():
            response = self._client.get(crop_url)
        return self._checked(response).content

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable("api", f"{self._url} does not answer ({error}): {_NEXT_STEP}") from error

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        detail = _detail(response)
        if response.status_code == httpx.codes.NOT_FOUND:
            raise NotFoundError(detail)
        if response.is_client_error:
            raise InputError(detail)
        kind = ServiceUnavailable if response.status_code == httpx.codes.SERVICE_UNAVAILABLE else ServiceError
        raise kind("api", detail)


def _detail(response: httpx.Response) -> str:
    """The problem's own words; what is no problem document is not ours."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        return str(response.json().get("detail"))
    return f"{response.url} answered {response.status_code} and no problem document: is serving.url Sightline's?"
