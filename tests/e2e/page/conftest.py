"""The generated world's page in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from support.browsing import chromium, filled_world, serving
from support.questions import World


@pytest.fixture(scope="module")
def world() -> World:
    return filled_world()


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with serving(world) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Vienna")
    yield made
    made.close()
