"""``GET /v1/operations``: is it well?"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from serving.operations_render import operations_out
from serving.operations_schemas import OperationsOut
from serving.problems import ProblemError, declared
from serving.services import Services
from sightline.operations.overview import read_overview

_NOT_WATCHED = (
    "no Prometheus watches this deployment: run `sightline up --metrics` on the machine that it runs on, "
    "or set metrics.prometheus_url to one that has its figures"
)
_PROBLEMS = declared(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


def operations_router(services: Services) -> APIRouter:
    """The route, over ``services``."""
    router = APIRouter(tags=["operations"])

    @router.get("/v1/operations", operation_id="read_operations", summary="Is it well?", responses=_PROBLEMS)
    async def read_operations() -> OperationsOut:
        if services.metrics_history is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, _NOT_WATCHED, kind="metrics-not-watched")
        return operations_out(await read_overview(services.metrics_history, now_s=services.clock()), services.links)

    return router
