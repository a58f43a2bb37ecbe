"""The page's operations view in a real browser: what whoever keeps it running sees, and what they do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from support.browsing import CONTRASTS, NEEDS_CHROMIUM, NOW_S, opened, serving
from support.questions import World
from support.questions.watched import NOW_VALUES

VIEW = "/?view=operations"
PAST_ITS_TURN_MS = 5_500

pytestmark = [NEEDS_CHROMIUM]


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    with opened(context, address, path=VIEW, until="#operations") as page:
        yield page


def tile(page: Page, title: str) -> Locator:
    return page.locator(".tile").filter(has=page.get_by_text(title, exact=True))


def answering(page: Page, change: Callable[[dict[str, Any]], object]) -> list[Route]:
    """Let the server's answers be changed on their way; the list grows with each."""
    asked: list[Route] = []

    def handle(route: Route) -> None:
        asked.append(route)
        answer = route.fetch().json()
        change(answer)
        route.fulfill(json=answer)

    page.route("**/v1/operations", handle)
    return asked


def later(page: Page, milliseconds: int) -> None:
    """Let the page's time go on, and whatever it then asks for arrive."""
    page.clock.run_for(milliseconds)
    assert page.evaluate("fetch('/healthz').then(answer => answer.ok)")


def test_by_the_tabs_and_back_again(context: BrowserContext, address: str) -> None:
    with opened(context, address) as page:
        page.get_by_role("link", name="Operations").click()
        expect(page).to_have_url(f"{address}{VIEW}")
        expect(page).to_have_title("Operations · Sightline")
        expect(page.get_by_role("heading", name="Operations")).to_be_visible()
        expect(page.locator("#search")).to_be_hidden()
        expect(page.get_by_role("link", name="Operations")).to_have_attribute("aria-current", "page")

        page.go_back()
        expect(page.locator("a.card").first).to_be_visible()
        expect(page.locator("#operations")).to_be_hidden()
        expect(page.get_by_role("link", name="Operations")).not_to_have_attribute("aria-current", "page")


def test_a_question_is_still_there_after_a_look_at_operations(context: BrowserContext, address: str) -> None:
    with opened(context, address) as page:
        page.locator("a.card").first.click()
        expect(page.locator(".score").first).to_be_visible()
        asked = page.url
        page.get_by_role("link", name="Operations").click()
        expect(page.locator(".tile").first).to_be_visible()
        page.get_by_role("link", name="Search", exact=True).click()
        expect(page).to_have_url(asked)
        expect(page.locator(".score").first).to_be_visible()


def test_every_figure_with_value_and_state_in_words(page: Page) -> None:
    expect(page.locator(".tile")).to_have_count(len(NOW_VALUES))
    expect(page.locator("#verdict")).to_have_text(re.compile("Something is wrong"))
    for title, value, unit, word in (
        ("Frames shed", "24", "%", "wrong"),
        ("Milvus writes, p95", "48", "ms", "well"),
        ("Searchable after, p95", "1.31", "s", "well"),
        ("Cameras silent", "1", "", "look"),
        ("Answers, p95", "\N{EN DASH}", "", "no data"),
        ("Frames seen", "30.5", "/s", ""),
    ):
        shown = tile(page, title)
        expect(shown.locator(".value b")).to_have_text(value)
        expect(shown.locator(".value small")).to_have_text(unit)
        expect(shown.locator(".mark")).to_have_text(re.compile(f"{word}$"))
    expect(page.locator("#asked-at")).to_have_text("as of 12:06:40")


def test_a_state_is_a_shape_too(page: Page) -> None:
    shapes = {title: tile(page, title).locator(".shape").text_content() for title in ("Frames shed", "Queue at Triton")}
    assert len(set(shapes.values())) == 2
    borders = {tile(page, title).evaluate("tile => getComputedStyle(tile).borderTopColor") for title in shapes}
    assert len(borders) == 2


def test_sparklines_have_gaps_where_there_was_no_value(page: Page) -> None:
    whole, broken = tile(page, "Frames seen"), tile(page, "Sightings")
    answer = page.request.get(page.url.replace(VIEW, "/v1/operations")).json()
    gaps = {figure["title"]: None in figure["history"] for figure in answer["figures"]}
    assert (gaps["Frames seen"], gaps["Sightings"]) == (False, True)
    assert whole.locator("path.line").count() == 1
    assert broken.locator("path.line").count() == 2
    box = whole.locator("path.line").first.bounding_box()
    assert box is not None
    assert box["width"] > 100
    assert box["height"] > 8


def test_a_tile_opens_and_says_what_it_is(page: Page) -> None:
    shed = tile(page, "Frames shed")
    expect(shed.get_by_text("newer ones waited")).to_be_hidden()
    shed.locator("summary").click()
    expect(shed.get_by_text("newer ones waited")).to_be_visible()
    expect(shed.get_by_text("Wants a look from 2 %, wrong from 10 %.")).to_be_visible()
    runbook = shed.get_by_role("link", name="Runbook")
    expect(runbook).to_have_attribute("href", re.compile(r"^https://docs\.example/.*#sightlineshedratehigh$"))
    expect(tile(page, "Frames seen").locator("p").nth(1)).to_contain_text("Nothing to judge by")


def test_alerts_say_since_when_and_where_to_read_on(page: Page) -> None:
    alert = page.locator("#alert-list li")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text("SightlineCameraSilent")
    expect(alert).to_contain_text("for 2 min")
    expect(alert).to_contain_text("No frames from camera car-park")
    runbook = alert.get_by_role("link", name="Runbook: SightlineCameraSilent")
    expect(runbook).to_have_attribute("href", re.compile("#sightlinecamerasilent$"))
    expect(runbook).to_have_attribute("rel", "noopener noreferrer")
    expect(alert.get_by_role("link", name=re.compile("Dashboard"))).to_have_attribute("href", re.compile(r"viewPanel=3$"))
    expect(page.locator("#no-alert")).to_be_hidden()


def test_texts_from_outside_are_text_and_only_web_addresses_are_links(page: Page) -> None:
    hostile = {
        "name": "<img src=x>", "severity": "page", "state": "bad", "summary": "<b>now</b>", "since": "2026-11-18T11:00:00Z",
        "runbook": "javascript:alert(1)", "dashboard": "javascript:alert(2)",
    }  # fmt: skip
    answering(page, lambda answer: answer.update(alerts=[hostile]))
    page.reload()
    alert = page.locator("#alert-list li")
    expect(alert).to_contain_text("<img src=x>")
    expect(alert).to_contain_text("<b>now</b>")
    expect(alert.locator("a, img, b")).to_have_count(0)


def test_what_to_do_is_read_from_the_runbook_beside_the_code(page: Page) -> None:
    path = "docs/operations/runbook.md#sightlinecamerasilent"
    answering(page, lambda answer: answer["alerts"][0].update(runbook=path))
    page.reload()
    alert = page.locator("#alert-list li")
    alert.get_by_text("What to do").click()
    expect(alert.locator(".runbook strong").first).to_have_text("It means:")
    expect(alert.locator(".runbook pre").first).to_contain_text("sightline_last_frame_timestamp_seconds")
    expect(alert.locator(".runbook")).not_to_contain_text("**")
    expect(alert.locator(".runbook")).not_to_contain_text("SightlineShedRateHigh")


def test_where_the_runbook_is_not_its_place_is_told(page: Page) -> None:
    answering(page, lambda answer: answer["alerts"][0].update(runbook="docs/operations/runbook.md#nothing"))
    page.reload()
    page.locator("#alert-list li").get_by_text("What to do").click()
    expect(page.locator(".runbook")).to_have_text("See docs/operations/runbook.md#nothing")


def test_no_alert_is_said(page: Page) -> None:
    answering(page, lambda answer: answer.update(alerts=[], state="well"))
    page.reload()
    expect(page.locator("#no-alert")).to_be_visible()
    expect(page.locator("#verdict")).to_have_text(re.compile("All is well"))


def test_cameras_in_a_table(page: Page) -> None:
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.filter(has_text="entrance").get_by_role("cell").nth(0)).to_have_text("live")
    expect(rows.filter(has_text="entrance").get_by_role("cell").nth(1)).to_have_text("12.5")
    expect(rows.filter(has_text="car-park").get_by_role("cell").nth(0)).to_have_text("quiet")
    expect(rows.filter(has_text="hall-west").get_by_role("cell").nth(5)).to_have_text("40")


def test_it_asks_again_keeps_what_is_open_and_the_focus(page: Page) -> None:
    values = iter(range(1000))
    asked = answering(page, lambda answer: answer["figures"][3].update(text=str(next(values))))
    tile(page, "Frames seen").locator("summary").click()
    page.get_by_role("link", name="Runbook: SightlineCameraSilent").focus()
    expect(tile(page, "Frames seen").locator(".value b")).to_have_text("0", timeout=15_000)
    expect(tile(page, "Frames seen").locator(".value b")).to_have_text("1", timeout=15_000)
    expect(tile(page, "Frames seen").get_by_text("went through the stages")).to_be_visible()
    expect(page.get_by_role("link", name="Runbook: SightlineCameraSilent")).to_be_focused()
    assert len(asked) >= 2


def test_it_rests_while_nobody_sees_it(page: Page) -> None:
    asked = answering(page, lambda _: None)
    page.clock.install()
    page.reload()
    expect(page.locator(".tile").first).to_be_visible()
    assert len(asked) == 1
    later(page, PAST_ITS_TURN_MS)
    assert len(asked) == 2
    hide = """hidden => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    later(page, 4 * PAST_ITS_TURN_MS)
    assert len(asked) == 2
    with page.expect_response("**/v1/operations"):
        page.evaluate(hide, False)
    assert len(asked) == 3

    page.get_by_role("link", name="Search", exact=True).click()
    expect(page.locator("a.card").first).to_be_visible()
    later(page, 4 * PAST_ITS_TURN_MS)
    assert len(asked) == 3


def test_what_was_shown_stays_and_is_called_old(page: Page, world: World) -> None:
    expect(page.locator(".tile").first).to_be_visible()
    world.history.away = True
    try:
        expect(page.locator("#operations-note")).to_contain_text("prometheus does not answer", timeout=15_000)
        expect(page.locator("#asked-at")).to_have_class("stale")
        expect(tile(page, "Frames seen").locator(".value b")).to_have_text("30.5")
    finally:
        world.history.away = False
    expect(page.locator("#operations-note")).to_be_hidden(timeout=15_000)
    expect(page.locator("#asked-at")).not_to_have_class("stale")


def test_without_prometheus_it_says_what_to_do_and_shows_the_cameras(browser: Browser) -> None:
    context = browser.new_context()
    bare = World(lambda: NOW_S, is_watched=False)
    bare.report_cameras()
    with serving(bare) as address, opened(context, address, path=VIEW, until="#operations") as page:
        expect(page.locator("#operations-note")).to_contain_text("Metrics not watched")
        expect(page.locator("#operations-note code").first).to_have_text("sightline up --metrics")
        expect(page.locator("#watched")).to_be_hidden()
        expect(page.get_by_role("table").get_by_role("row")).to_have_count(5)
    context.close()


def test_the_keyboard_alone(page: Page) -> None:
    expect(page.locator(".tile").first).to_be_visible()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(str(page.evaluate("document.activeElement.textContent.trim().slice(0, 24)")))
        if "Hosts alive" in reached[-1]:
            break
    for name in ("Search", "Operations", "Runbook", "Alerts firing", "Frames shed", "Hosts alive"):
        assert any(name in text for text in reached), f"{name} is not reached: {reached}"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(tile(page, "Hosts alive").locator("p").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"view=operations"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_size_and_colour_scheme(browser: Browser, address: str, scheme: str, width: int, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    with opened(context, address, path=VIEW, until="#operations") as page:
        expect(page.locator(".tile")).to_have_count(len(NOW_VALUES))
        tile(page, "Frames shed").locator("summary").click()
        page.screenshot(path=tmp_path / f"{scheme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width, "the page scrolls sideways"
        assert page.evaluate(CONTRASTS) == []
    context.close()
