"""The HTTP API and the page as one ASGI application: no Ray here, so that tests need no cluster."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

import sightline
from serving.middleware import Measured, SecurityHeaders
from serving.problems import Problem, ProblemError, from_error, from_http, from_validation
from serving.routes.cameras import cameras_router
from serving.routes.health import health_router
from serving.routes.operations import operations_router
from serving.routes.page import page_router
from serving.routes.search import search_router
from serving.routes.sightings import sightings_router
from serving.schemas import EmbeddingBody, PictureForm, SightingBody
from serving.services import Services
from sightline.errors import InputError, SightlineError

_log = logging.getLogger(__name__)
_ALSO_IN_SCHEMA: tuple[type[BaseModel], ...] = (Problem, PictureForm, SightingBody, EmbeddingBody)
_CLIENT_GONE = 499


def create_app(services: Services) -> FastAPI:
    """The application over ``services``, which it opens when it starts and closes when it stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await services.open()
        yield
        await services.close()

    app = FastAPI(
        title="Sightline",
        version=sightline.__version__,
        description="Where else was this person seen?",
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from a CDN
        redoc_url=None,
        redirect_slashes=False,
    )
    routers = (search_router, sightings_router, cameras_router, operations_router, health_router)
    for router in routers:
        app.include_router(router(services))
    app.include_router(page_router())
    _answer_with_problems(app)
    app.add_middleware(Measured, metrics=services.metrics)
    app.add_middleware(SecurityHeaders)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's own way of extending it
    return app


def _answer_with_problems(app: FastAPI) -> None:
    @app.exception_handler(ProblemError)
    async def problem(_: Request, error: ProblemError) -> Response:
        return error.response()

    @app.exception_handler(SightlineError)
    async def fault(_: Request, error: SightlineError) -> Response:
        if not isinstance(error, InputError):
            _log.warning("a question could not be answered: %s", error)
        return from_error(error).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return from_validation(error).response()

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return from_http(error).response()

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=_CLIENT_GONE)  # nobody reads it; the metrics do


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, definitions = models_json_schema(
            [(model, "validation") for model in _ALSO_IN_SCHEMA], ref_template="#/components/schemas/{model}"
        )
        document.setdefault("components", {}).setdefault("schemas", {}).update(definitions["$defs"])
        app.openapi_schema = document
    return app.openapi_schema
