"""Serve the generated world, to look at the page."""

from __future__ import annotations

import asyncio
import time

import uvicorn

from serving.api import create_app
from support.questions.world import World

PORT = 8088


async def report(world: World) -> None:
    while True:
        world.report_cameras()
        await asyncio.sleep(1)


async def main() -> None:
    world = World(time.time)
    await world.fill()
    reporting = asyncio.create_task(report(world))
    await uvicorn.Server(uvicorn.Config(create_app(world.services()), host="127.0.0.1", port=PORT)).serve()
    reporting.cancel()


if __name__ == "__main__":
    asyncio.run(main())
