"""``GET /v1/cameras``: how the cameras are doing."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from serving.problems import declared, unavailable
from serving.render import camera_out
from serving.schemas import CamerasOut
from serving.services import Services

_PROBLEMS = declared(HTTPStatus.SERVICE_UNAVAILABLE)


def cameras_router(services: Services) -> APIRouter:
    """The route, over ``services``."""
    router = APIRouter(tags=["cameras"])

    @router.get("/v1/cameras", operation_id="list_cameras", summary="How the cameras are doing", responses=_PROBLEMS)
    async def list_cameras() -> CamerasOut:
        if not services.cameras_known():
            raise unavailable("the cameras' figures have not been read from Kafka yet; try again, and see `sightline status`")
        return CamerasOut(cameras=[camera_out(figures) for figures in services.cameras.figures()])

    return router
