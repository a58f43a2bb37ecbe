"""``POST /v1/search``: where else was this person seen?"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

import numpy as np
from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request

from serving.gate import Gate
from serving.problems import ProblemError, declared, from_validation
from serving.queries import Answer, PictureQuery, SearchOptions
from serving.render import search_out
from serving.schemas import EmbeddingBody, PictureForm, SearchFields, SearchOut, SightingBody
from serving.services import Services
from serving.uploads import read_form, read_json
from sightline.attributes import split, tellable
from sightline.decoding import decode_image
from sightline.types import Float32Array
from sightline.wire import vector_from_base64

Fields = TypeVar("Fields", bound=SearchFields)

_LISTS = ("camera", "attribute")
_PROBLEMS = declared(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {"$ref": "#/components/schemas/PictureForm"}},
            "application/json": {
                "schema": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/SightingBody"},
                        {"$ref": "#/components/schemas/EmbeddingBody"},
                    ]
                }
            },
        },
    }
}


def search_router(services: Services) -> APIRouter:
    """The route, over ``services``."""
    router = APIRouter(tags=["search"])
    gate = Gate(services.max_searches)

    @router.post(
        "/v1/search",
        operation_id="search",
        summary="Where else was this person seen?",
        responses=_PROBLEMS,
        openapi_extra=_BODY,
    )
    async def search(request: Request) -> SearchOut:
        with gate:
            return search_out(await _answer(services, request))

    return router


async def _answer(services: Services, request: Request) -> Answer:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return await _by_picture(services, request)
    if media_type == "application/json":
        return await _by_json(services, await read_json(request))
    detail = "send multipart/form-data with an image, or application/json with a sighting_id or an embedding"
    raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


async def _by_picture(services: Services, request: Request) -> Answer:
    form = await read_form(request, max_file_bytes=services.limits.max_bytes)
    if "image" not in form.files:
        raise _invalid("image: missing; send the picture as a file in this field")
    # The file's place in the model is held by its name: its bytes are checked by the decoder.
    values: dict[str, Any] = {name: given if name in _LISTS else _single(name, given) for name, given in form.fields.items()}
    fields = _checked(PictureForm, {**values, **dict.fromkeys(form.files, "")})
    options = _options(services, fields)
    if fields.crop and fields.box:
        raise _invalid("box and crop: give one of them; crop=true says that the whole picture is the person")
    with services.metrics.search_seconds.labels("decode").time():
        image = await services.pool.run(decode_image, form.files["image"], limits=services.limits)
    box = _box(fields.box) if fields.box else None
    return await services.search.by_picture(PictureQuery(image, box, fields.crop), options)


async def _by_json(services: Services, body: dict[str, Any]) -> Answer:
    if "embedding" in body:
        near = _checked(EmbeddingBody, body)
        return await services.search.by_vector(_vector(near.embedding), near.embedding_space, _options(services, near))
    like = _checked(SightingBody, body)
    return await services.search.by_sighting(like.sighting_id, _options(services, like))


def _single(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise _invalid(f"{name}: given {len(values)} times; only camera and attribute may be repeated")
    return values[0]


def _checked(model: type[Fields], values: dict[str, Any]) -> Fields:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise from_validation(error) from error


def _options(services: Services, fields: SearchFields) -> SearchOptions:
    where = fields.filter()
    if where.start_us is not None and where.end_us is not None and where.start_us >= where.end_us:
        raise _invalid("start: must be before end")
    where = replace(where, attributes=tuple(_attribute(services, item) for item in fields.attribute))
    return SearchOptions(fields.k, where, fields.min_score, fields.group_by, fields.rerank)


def _attribute(services: Services, item: str) -> tuple[str, str]:
    attribute, value = split(item)
    told = tellable(services.attributes)
    if value not in told.get(attribute, ()):
        known = "; ".join(f"{name}: {', '.join(values)}" for name, values in told.items())
        known = known or "none: its model has no attribute heads"
        raise _invalid(f"attribute: this deployment's embedder does not tell {item!r} (known: {known})")
    return attribute, value


def _vector(embedding: list[float] | str) -> Float32Array:
    if isinstance(embedding, str):
        return vector_from_base64(embedding)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, which the search refuses
        return np.array(embedding, np.float32)


def _box(text: str) -> tuple[float, float, float, float]:
    x, y, width, height = (float(part) for part in text.split(","))
    if width <= 0 or height <= 0:
        raise _invalid("box: width and height must be more than 0")
    return x, y, width, height


def _invalid(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, kind="invalid-request")
