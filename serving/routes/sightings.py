"""``/v1/sightings``: the sightings themselves and the pictures of them."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response
from pydantic import Field

from serving.cursors import Cursor, page
from serving.problems import declared
from serving.render import sighting_detail, sighting_out
from serving.schemas import Absent, PageFields, SightingDetail, SightingId, SightingsOut
from serving.services import Services
from sightline.errors import NotFoundError
from sightline.types import Sighting

CROP_CACHING = "private, max-age=600"
"""Browsers keep a crop for ten minutes and no shared cache keeps it at all: pictures of people can be erased."""

Layers = Annotated[str, Field(pattern=r"^(box|skeleton|parts)(,(box|skeleton|parts)){0,2}$")]
_DRAW_HELP = "What to draw over it, of box, skeleton and parts, with commas between; what is not known is left out."

_LIST_PROBLEMS = declared(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_ONE_PROBLEMS = declared(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_CROP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The crop.", "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The crop that you have is the newest."},
    **_ONE_PROBLEMS,
}


def sightings_router(services: Services) -> APIRouter:
    """The routes, over ``services``."""
    router = APIRouter(prefix="/v1/sightings", tags=["sightings"])

    @router.get("", operation_id="list_sightings", summary="Sightings, newest first", responses=_LIST_PROBLEMS)
    async def list_sightings(fields: Annotated[PageFields, Query()]) -> SightingsOut:
        cursor = Cursor.parse(fields.cursor) if fields.cursor is not None else None
        found, following = await services.pool.run(
            page, services.gallery, limit=fields.limit, cursor=cursor, where=fields.filter()
        )
        return SightingsOut(sightings=[sighting_out(item) for item in found], next_cursor=str(following) if following else None)

    @router.get("/{sighting_id}", operation_id="get_sighting", summary="One sighting", responses=_ONE_PROBLEMS)
    async def get_sighting(sighting_id: Annotated[SightingId, Path()]) -> SightingDetail:
        sighting = await _sighting(services, sighting_id)
        return sighting_detail(sighting, services.drawing.drawable(sighting))

    @router.get(
        "/{sighting_id}/crop",
        operation_id="get_crop",
        summary="The picture of the person",
        response_class=Response,
        responses=_CROP,
    )
    async def get_crop(
        sighting_id: Annotated[SightingId, Path()],
        draw: Annotated[Layers | Absent, Query(description=_DRAW_HELP)] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        sighting = await _sighting(services, sighting_id)
        if sighting.crop_key is None:
            raise NotFoundError(f"no crop of sighting {sighting_id} was kept")
        data = await services.pool.run(services.blobs.get, sighting.crop_key)
        if draw is not None:
            data = await services.drawing.draw(data, sighting, draw.split(","))
        headers = {"Cache-Control": CROP_CACHING, "ETag": f'"{hashlib.sha256(data).hexdigest()[:32]}"'}
        if if_none_match is not None and headers["ETag"] in if_none_match:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(data, media_type="image/jpeg", headers=headers)

    return router


async def _sighting(services: Services, sighting_id: str) -> Sighting:
    found = await services.pool.run(services.gallery.get, [sighting_id])
    if not found:
        raise NotFoundError(f"there is no sighting {sighting_id}; it may have been removed")
    return found[0]
