"""The generated world behind the HTTP API, with no network between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from support.questions import World

from serving.api import create_app

NOW_S = 1_795_000_000.0


@pytest.fixture(scope="session")
def filled_world() -> World:
    """Filled once; tests change a copy."""
    made = World(lambda: NOW_S)
    asyncio.run(made.fill())
    return made


@pytest.fixture
def world(filled_world: World) -> World:
    return filled_world.copy()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(world.services()))
    async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as made:
        yield made
