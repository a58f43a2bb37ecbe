"""``/healthz``, ``/readyz`` and ``/metrics``: for the machines that watch this one."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

import sightline
from serving.problems import declared, unavailable
from serving.schemas import HealthOut, MetricsTargetOut, ReadyOut
from serving.services import Check, Services
from sightline.errors import SightlineError
from sightline.telemetry import render

_CHECK_TIMEOUT_S = 5.0
_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


def health_router(services: Services) -> APIRouter:
    """The routes, over ``services``."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", operation_id="health", summary="Does this process answer?")
    async def health() -> HealthOut:
        return HealthOut(version=sightline.__version__)

    @router.get(
        "/readyz",
        operation_id="readiness",
        summary="Does all that a question needs answer?",
        responses=declared(HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def readiness() -> ReadyOut:
        faults = await asyncio.gather(*(_fault(name, check) for name, check in services.checks.items()))
        if any(faults):
            raise unavailable("; ".join(fault for fault in faults if fault))
        return ReadyOut(checks=dict.fromkeys(services.checks, "ok"))

    @router.get(
        "/metrics",
        operation_id="metrics",
        summary="This process's metrics",
        response_class=PlainTextResponse,
        responses=_METRICS,
    )
    async def metrics() -> Response:
        content, media_type = render(services.registry)
        return Response(content, media_type=media_type)

    @router.get(
        "/v1/metrics/targets",
        operation_id="metricsTargets",
        summary="Where every process serves its metrics",
        description="For Prometheus' `http_sd_configs`: camera streams, stages, writers and the questions, on all hosts.",
        responses=declared(HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def metrics_targets() -> list[MetricsTargetOut]:
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_S):
                targets = await services.pool.run(services.metrics_targets)
        except TimeoutError:
            raise unavailable(f"the cluster's head does not answer within {_CHECK_TIMEOUT_S:g} s") from None
        return [MetricsTargetOut(**target) for target in targets]

    return router


async def _fault(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S):
            await check()
    except TimeoutError:
        return f"{name}: no answer within {_CHECK_TIMEOUT_S:g} s"
    except SightlineError as error:
        return str(error)
    return ""
