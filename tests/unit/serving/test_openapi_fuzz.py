"""The OpenAPI document against the application: whatever comes in, what goes out is as declared and no 5xx."""

from __future__ import annotations

import pytest
import schemathesis
from schemathesis.generation import GenerationMode
from support.openapi_fuzz import OPERATIONS, fuzz
from support.questions import World

from serving.api import create_app


@pytest.fixture(scope="session")
def schema(filled_world: World) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(filled_world.copy().services()))


def test_every_operation_is_fuzzed(schema: schemathesis.BaseSchema) -> None:
    assert {(item.ok().method.upper(), item.ok().path) for item in schema.get_all_operations()} == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_allowed_requests(schema: schemathesis.BaseSchema, method: str, path: str) -> None:
    fuzz(schema, method, path, GenerationMode.POSITIVE, examples=60)


@pytest.mark.parametrize(("method", "path"), OPERATIONS[:4])
def test_forbidden_requests(schema: schemathesis.BaseSchema, method: str, path: str) -> None:
    fuzz(schema, method, path, GenerationMode.NEGATIVE, examples=100)
